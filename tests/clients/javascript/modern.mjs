// Every function of @createsend/client against the local account: node modern.mjs ADDRESS KEY CLIENT

import { CreateSend, CreateSendOAuth } from "@createsend/client";
import { call, end, never } from "./expect.mjs";

const [baseUrl, apiKey, client] = process.argv.slice(2);
const api = CreateSend({ apiKey, baseUrl });
const oauth = CreateSendOAuth({ baseUrl });
const WHO = "someone@example.com", URL = "http://127.0.0.1:9/";
const called = new Set();

async function go(area, name, ...rest) {
  called.add(`${area}.${name}`);
  return call(`${area}.${name}`, async () => {
    const { status, data } = await api[area][name](...rest);
    return { status, code: data?.code, detail: data?.message, value: data };
  });
}

const list = await go("lists", "createList", client, { title: "JavaScript", unsubscribeSetting: "AllClientLists" });
await go("lists", "updateList", list, { title: "JavaScript 2", unsubscribeSetting: "AllClientLists" });
for (const name of ["getListDetails", "getListStats", "getCustomFields", "getSegments"]) await go("lists", name, list);
const field = await go("lists", "createCustomField", list, { fieldName: "Colour", dataType: "MultiSelectOne", options: ["red"] });
await go("lists", "updateCustomFieldOptions", list, field, { options: ["blue"], keepExistingOptions: true });
const renamed = await go("lists", "updateCustomField", list, field, { fieldName: "Hue", visibleInPreferenceCenter: true });
await go("lists", "deleteCustomField", list, renamed ?? field);
const hook = await go("lists", "createWebhook", list, { events: ["Subscribe"], url: URL, payloadFormat: "json" });
await go("lists", "getWebhooks", list);
await go("lists", "activateWebhook", list, hook);
await go("lists", "deactivateWebhook", list, hook);
called.add("lists.testWebhook"); // nobody listens at the address: the failure is the right answer
await call("lists.testWebhook", async () => {
  const { data } = await api.lists.testWebhook(list, hook);
  return { status: data?.code === 610 ? 200 : 0, code: data?.code, detail: data?.message };
});
await go("lists", "deleteWebhook", list, hook);

await go("subscribers", "addSingleSubscriber", list, { emailAddress: WHO, name: "S", consentToTrack: "Yes" });
await go("subscribers", "getSubscriberDetails", list, WHO, true);
await go("subscribers", "getSubscriberHistory", list, WHO);
await go("subscribers", "updateSingleSubscriber", list, WHO, { emailAddress: WHO, name: "T", consentToTrack: "No" });
await go("subscribers", "importManySubscribers", list, { subscribers: [{ emailAddress: "b@example.com", consentToTrack: "Yes" }] });
for (const state of ["Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"]) {
  await go("lists", `get${state}Subscribers`, list, { pageSize: 10 });
}
const rules = [{ rules: [{ ruleType: "EmailAddress", clause: "CONTAINS example" }] }];
const segment = await go("segments", "createSegment", list, { title: "S", ruleGroups: rules });
await go("segments", "getSegmentDetails", segment);
await go("segments", "updateSegment", segment, { title: "S2", ruleGroups: rules });
await go("segments", "addRuleGroupToSegment", segment, rules[0]);
await go("segments", "getActiveSubscribers", segment);
await go("segments", "deleteSegmentRules", segment);
await go("segments", "deleteSegment", segment);

const template = await go("templates", "createTemplate", client, { name: "T", htmlPageUrl: URL, zipFileUrl: URL });
await go("templates", "getTemplateDetails", template);
await go("templates", "updateTemplate", template, { name: "U", htmlPageUrl: URL, zipFileUrl: URL });
const base = { name: "N", subject: "S", fromName: "F", fromEmail: "f@example.com", replyTo: "f@example.com", listIds: [list] };
const second = await go("campaigns", "createCampaignFromTemplate", client, { ...base, name: "Other", templateId: template, templateContent: {} });
await go("templates", "deleteTemplate", template);
const draft = await go("campaigns", "createDraftCampaign", client, { ...base, htmlUrl: URL });
await go("campaigns", "sendCampaignPreview", draft, { previewRecipients: WHO });
await go("campaigns", "sendDraftCampaign", draft, { confirmationEmail: WHO, sendDate: "2099-01-01 12:00" });
await go("campaigns", "unscheduleCampaign", draft);
await go("campaigns", "sendDraftCampaign", draft, { confirmationEmail: WHO, sendDate: "Immediately" });
for (const name of ["Summary", "EmailClientUsage", "ListsAndSegments", "Recipients", "Bounces", "Opens", "Clicks", "Unsubscribes"]) {
  await go("campaigns", `getCampaign${name}`, draft);
}
await go("campaigns", "getSpamComplaints", draft);
await go("campaigns", "deleteCampaign", draft);
await go("campaigns", "deleteCampaign", second); // a draft holds on to its list

const journeys = await go("journeys", "getJourneys", client);
const journey = await go("journeys", "getJourneySummary", journeys?.[0]?.journeyId);
for (const name of ["Recipients", "Opens", "Clicks", "Bounces", "Unsubscribes"]) {
  await go("journeys", `getJourneyEmail${name}`, journey?.emails?.[0]?.emailId);
}

const smart = (await go("transactional", "getSmartTransactionalEmailList", { clientId: client, status: "active" }))[0].id;
await go("transactional", "getSmartTransactionEmailDetails", smart);
await go("transactional", "sendSmartTransactionalEmail", smart, { to: [WHO], data: { first_name: "S" }, consentToTrack: "Yes" });
await go("transactional", "sendClassicTransactionalEmail",
  { subject: "S", from: "t@example.com", to: [WHO], html: "<p>x</p>", group: "G", consentToTrack: "Yes" }, { clientId: client });
await go("transactional", "getClassicTransactionEmailGroupList", { clientId: client });
await go("transactional", "getTransactionalEmailStatistics", { clientId: client, smartEmailId: smart, timezone: "utc" });
const message = (await go("transactional", "getMessageTimeline", { clientId: client, count: 5 }))[0].messageId;
await go("transactional", "getMessageDetails", message, { statistics: true });
await go("transactional", "resendMessage", message);

for (const name of ["getDetails", "getLists", "getSegments", "getSuppressionList", "getTemplates", "getPeople",
  "getPrimaryContact", "getTags", "getSentCampaigns", "getScheduledCampaigns", "getDraftCampaigns"]) await go("clients", name, client);
await go("clients", "getListsForEmail", client, WHO);
await go("clients", "suppressEmailAddresses", client, ["c@example.com"]);
await go("clients", "unsuppressEmailAddress", client, "c@example.com");
await go("subscribers", "unsubscribeSubscriber", list, WHO);
await go("subscribers", "deleteSubscriber", list, WHO);
await go("clients", "addPerson", client, { emailAddress: WHO, name: "P", accessLevel: 1023, password: "secret" });
await go("clients", "getPerson", client, WHO);
await go("clients", "updatePerson", client, { emailAddress: WHO, name: "Q", accessLevel: 1023 }, WHO);
await go("clients", "setPrimaryContact", client, WHO);
await go("clients", "deletePerson", client, WHO);
const ADMIN = "admin.two@example.com";
for (const name of ["getClients", "getBillingDetails", "getCountries", "getTimezones", "getAdministrators"]) await go("account", name);
await go("account", "addAdministrator", { emailAddress: ADMIN, name: "A" });
await go("account", "getAdministrator", ADMIN);
await go("account", "editAdministrator", { emailAddress: ADMIN, name: "B" }, ADMIN);
const primary = await go("account", "getPrimaryContact");
await go("account", "setPrimaryContact", primary?.emailAddress ?? ADMIN);
await go("account", "deleteAdministrator", ADMIN);
const company = { companyName: "JavaScript", country: "Australia", timeZone: "(GMT+10:00) Canberra, Melbourne, Sydney" };
const other = await go("clients", "createClient", company);
await go("clients", "setBasicDetails", other, { ...company, companyName: "JavaScript 2" });
await go("clients", "setPaygBilling", other, { currency: "USD", canPurchaseCredits: true, clientPays: true, markupPercentage: 10 });
await go("clients", "setMonthlyBillingDetails", other, { currency: "USD", clientPays: true, markupPercentage: 10, monthlyScheme: "Basic" });
await go("clients", "transferCredits", other, { credits: 0, canUseMyCreditsWhenTheyRunOut: false });
await go("clients", "deleteClient", other);
await go("lists", "deleteList", list);

const offered = Object.entries(api).flatMap(([area, functions]) =>
  Object.keys(functions).filter(each => typeof functions[each] === "function" && each !== "prepareBodyForTransactionalSend").map(each => `${area}.${each}`));
// The way in: a wrong code and a wrong token are refused in the form of OAuth.
for (const refused of [await oauth.getToken("1", { clientSecret: "x", code: "wrong", redirectUri: URL }), await oauth.refreshAccessToken("wrong")]) {
  await call("oauth", async () => ({ status: refused.data.error === "invalid_grant" ? 200 : 0, detail: JSON.stringify(refused.data) }));
}
end(never(offered, called));
