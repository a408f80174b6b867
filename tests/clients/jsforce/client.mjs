// jsforce against the local org: node client.mjs, with a JSON object on standard input that says where and who.

import { text } from "node:stream/consumers";
import jsforce from "jsforce";
import { account, bulk, metadata, reports, signingIn, soap, tooling } from "./doors.mjs";
import { records } from "./records.mjs";
import { end } from "./steps.mjs";

const given = JSON.parse(await text(process.stdin));
const org = new jsforce.Connection({ instanceUrl: given.url, accessToken: given.access_token, version: given.version });

await signingIn(given);
await account(org, given);
await records(org);
await bulk(org);
await metadata(org, given);
await tooling(org);
await reports(org);
await soap(org, given);
end();
