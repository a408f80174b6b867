// The reads, subscribers and transactional e-mails of createsend-node: node older.mjs ADDRESS KEY CLIENT
// It asks for administrators without a suffix, to which the service answers XML, and this account that it has none.

import CreateSend from "createsend-node";
import { call, end } from "./expect.mjs";

const [address, apiKey, client] = process.argv.slice(2);
const api = new CreateSend({ apiKey }, { secure: false, baseUri: address.replace("http://", "") });
const WHO = "someone@example.com";

/** Promises what a function with a callback gives; its errors carry Code and Message. */
async function go(on, name, ...rest) {
  return call(name, () => new Promise(done => on[name](...rest, (error, value) =>
    done(error ? { status: error.Code ?? 0, code: error.Code, detail: error.Message ?? String(error) } : { status: 200, value }))));
}

for (const name of ["getCountries", "getTimezones", "getSystemDate"]) await go(api, name);
for (const name of ["getAdministrators", "getBillingDetails", "getClients", "getPrimaryContact"]) await go(api.account, name);
for (const name of ["getClientDetails", "getDraftCampaigns", "getLists", "getPeople", "getPrimaryContact",
  "getScheduledCampaigns", "getSegments", "getSentCampaigns", "getTemplates"]) await go(api.clients, name, client);
await go(api.clients, "getListsForEmail", client, WHO);
await go(api.clients, "getSuppressionList", client, { page: 1 });
const made = await go(api.lists, "createList", client, { Title: "Older" });
const list = made.listId;
for (const name of ["getListDetails", "getStats", "getCustomFields", "getSegments", "getWebhooks"]) await go(api.lists, name, list);
await go(api.subscribers, "addSubscriber", list, { EmailAddress: WHO, Name: "S" });
await go(api.subscribers, "getSubscriberDetails", list, WHO);
await go(api.subscribers, "getSubscriberHistory", list, WHO);
await go(api.subscribers, "updateSubscriber", list, WHO, { EmailAddress: WHO, Name: "T" });
await go(api.subscribers, "import", list, { Subscribers: [{ EmailAddress: "b@example.com" }] });
for (const state of ["Active", "Unconfirmed", "Unsubscribed", "Bounced", "Deleted"]) {
  await go(api.lists, `get${state}Subscribers`, list, { pagesize: 10 });
}
await go(api.subscribers, "unsubscribeSubscriber", list, WHO);
await go(api.subscribers, "deleteSubscriber", list, WHO);
const tx = api.transactional;
const smartEmailID = (await go(tx, "smartEmailList", { clientID: client, status: "active" }))[0].ID;
await go(tx, "smartEmailDetails", { smartEmailID });
await go(tx, "sendSmartEmail", { smartEmailID, To: WHO, ConsentToTrack: "Yes" });
await go(tx, "classicEmailGroupList", { clientID: client });
await go(tx, "statistics", { clientID: client });
const messageID = (await go(tx, "messageTimeline", { clientID: client }))[0].MessageID;
await go(tx, "messageDetails", { messageID, statistics: true });
await go(tx, "messageResend", { messageID });
end([]);
