// Campaigns, journeys, transactional e-mails, webhooks, OAuth applications, requests.

import { api, bar, get, link, make, moment, table } from "./tools.js";

const clients = async () => (await get("/_control/state")).clients;

async function ofEachClient(part) {
  return (await Promise.all((await clients()).map(part))).flat();
}

export async function campaigns() {
  return ofEachClient(async client => {
    const [sent, drafts, scheduled] = await Promise.all(
      ["campaigns", "drafts", "scheduled"].map(each => api(`clients/${client.id}/${each}`)));
    const rows = (sent?.Results || (Array.isArray(sent) ? sent : [])).map(each =>
      [link(each.Name, "campaign", each.CampaignID), each.Subject, each.SentDate, each.TotalRecipients]);
    const waiting = [...(drafts || []), ...(scheduled || [])].map(each =>
      [each.Name, each.Subject, each.DateScheduled || "draft"]);
    return [
      make("h2", client.name),
      table(`Campaigns sent by ${client.name}`, ["Campaign", "Subject", "Sent", "Recipients"], rows),
      table(`Drafts and scheduled campaigns of ${client.name}`, ["Campaign", "Subject", "When"], waiting),
    ];
  });
}

const FIGURES = { UniqueOpened: "Opened", Clicks: "Clicks", Unsubscribed: "Unsubscribed", Bounced: "Bounced",
  SpamComplaints: "Complaints" };

export async function campaign(id) {
  const summary = await api(`campaigns/${id}/summary`);
  if (!summary) return [make("h2", "Campaign"), make("p", "The account has no such campaign.")];
  const rows = Object.entries(FIGURES).map(([key, name]) =>
    [name, summary[key] || 0, bar(summary[key] || 0, summary.Recipients, name)]);
  return [
    make("h2", summary.Name || "Campaign"),
    make("p", `${summary.Recipients.toLocaleString()} recipients`),
    table("Figures", ["What", "How many", "Share of recipients"], rows),
  ];
}

export async function journeys() {
  return ofEachClient(async client => {
    const found = await api(`clients/${client.id}/journeys`) || [];
    const parts = await Promise.all(found.map(async each => {
      const summary = await api(`journeys/${each.JourneyID}`);
      return table(`${each.Name} (${each.Status}, ${each.TriggerType})`,
        ["E-mail", "Sent", "Opened by", "Clicked", "Share that opened"],
        (summary?.Emails || []).map(mail => [mail.Name, mail.Sent, mail.UniqueOpened, mail.Clicked,
          bar(mail.UniqueOpened, mail.Sent, `Opened: ${mail.Name}`)]));
    }));
    return [make("h2", client.name), ...(parts.length ? parts : [make("p", "No journeys.", { className: "muted" })])];
  });
}

export async function transactional() {
  const found = await get("/_control/transactional");
  return found.clients.flatMap(client => [
    make("h2", client.name),
    table(`Smart e-mails of ${client.name}`, ["Smart e-mail", "Subject", "Status", "Messages"],
      client.smart_emails.map(each => [each.name, each.subject, each.active ? "active" : "draft", each.messages])),
    table(`Newest messages of ${client.name}`, ["Sent", "Recipient", "Subject", "Status", "Opens", "Clicks"],
      client.messages.map(each =>
        [each.SentAt, each.Recipient, each.Subject, each.Status, each.TotalOpens, each.TotalClicks])),
  ]);
}

export async function webhooks() {
  const found = await get("/_control/webhooks");
  return [
    make("h2", "Webhooks"),
    table("Webhooks of lists", ["Address", "Events", "Status", "Waiting", "Tries", "Next try"], found.webhooks.map(each =>
      [each.Url, (each.Events || []).join(", "), each.Status, each.waiting, each.tries, moment(each.next_try)])),
    table("Deliveries", ["When", "Address", "Events", "Status", "Outcome"], found.deliveries.slice(-100).reverse().map(each =>
      [moment(each.at), each.url, String(each.events), String(each.status ?? ""), each.outcome])),
  ];
}

export async function oauth() {
  const found = await get("/_control/oauth");
  return [
    make("h2", "OAuth applications"),
    ...Object.entries(found).filter(([, rows]) => Array.isArray(rows)).map(([name, rows]) => {
      const heads = [...new Set(rows.flatMap(Object.keys))].filter(each => !each.includes("secret"));
      return table(name.replaceAll("_", " "), heads.map(each => each.replaceAll("_", " ")),
        rows.map(row => heads.map(each => String(row[each] ?? ""))));
    }),
  ];
}

export async function requests() {
  const log = await get("/_control/requests");
  return [
    make("h2", "Requests"),
    table("Last requests", ["Method", "Path", "Status", "ms", "Fault"], log.requests.slice(-50).reverse().map(each =>
      [each.method, each.path, String(each.status || "cut"), each.ms.toFixed(1), each.fault || ""])),
  ];
}
