// Sign-in, identity, Bulk API 2.0, metadata, tooling, reports, SOAP.

import { readFileSync } from "node:fs";
import jsforce from "jsforce";
import { refusal, same, step } from "./steps.mjs";

/** By a code with PKCE, renewed by a refresh token when the session ends, by client credentials; revoked. */
export async function signingIn(given) {
  const { url, client_id: clientId, client_secret: clientSecret } = given;
  const redirectUri = "http://127.0.0.1/back";
  const oauth2 = new jsforce.OAuth2({ loginUrl: url, clientId, clientSecret, redirectUri, useVerifier: true });
  const org = new jsforce.Connection({ oauth2 });
  await step("a person allows the app", async () => {
    const screen = oauth2.getAuthorizationUrl({ scope: "api id refresh_token", state: "s" });
    same((await fetch(screen)).status, 200);
    const back = await fetch(screen, { method: "POST", body: new URLSearchParams({ answer: "allow" }), redirect: "manual" });
    const answer = new URL(back.headers.get("location")).searchParams;
    same(answer.get("state"), "s");
    const user = await org.authorize(answer.get("code"));
    same(user.organizationId.slice(0, 3), "00D");
    same(org.instanceUrl, url);
  });
  await step("an ended session is renewed once for all that wait", async () => {
    let renewed = 0;
    org.on("refresh", () => { renewed += 1; });
    await fetch(`${url}/services/oauth2/revoke`, { method: "POST", body: new URLSearchParams({ token: org.accessToken }) });
    const answers = await Promise.all(Array.from({ length: 5 }, () => org.query("SELECT Id FROM User LIMIT 1")));
    same([renewed, answers.length], [1, 5]);
    await fetch(`${url}/services/oauth2/revoke`, { method: "POST", body: new URLSearchParams({ token: org.accessToken }) });
    same((await org.soap.getUserInfo()).userName, given.username);
    same(renewed, 2);
  });
  await step("the person is known", async () => {
    const me = await org.identity();
    same([me.username, me.user_id], [given.username, org.userInfo.id]);
  });
  await step("an app signs in by its own credentials", async () => {
    const app = new jsforce.Connection({ instanceUrl: url, oauth2: { clientId, clientSecret, loginUrl: url } });
    await app.authorize({ grant_type: "client_credentials" });
    same((await app.query("SELECT Id FROM Organization")).totalSize, 1);
    const bad = new jsforce.Connection({ oauth2: { clientId, clientSecret: "no", loginUrl: url } });
    same(await refusal(bad.authorize({ grant_type: "client_credentials" })), "invalid_client");
  });
  await step("signing out ends the refresh token", async () => {
    await org.logout(true);
    same(org.accessToken, null);
  });
  await step("a session that is unknown is refused", async () => {
    const unknown = new jsforce.Connection({ instanceUrl: url, accessToken: "00D000000000001!x" });
    same(await refusal(unknown.query("SELECT Id FROM User")), "INVALID_SESSION_ID");
    same(await refusal(unknown.metadata.describe()), "sf:INVALID_SESSION_ID");
  });
}

/** Who asks, and what the org has left. */
export async function account(org, given) {
  await step("identity and limits are told", async () => {
    const me = await org.identity();
    same([me.username, org.userInfo.organizationId.length], [given.username, 18]);
    same((await org.limits()).DailyApiRequests.Max > 0, true);
    same(org.limitInfo.apiUsage.used > 0, true);
  });
}

/** Bulk API 2.0 in and out; 1.0 is refused by its code. */
export async function bulk(org) {
  org.bulk2.pollInterval = 50;
  const rows = Array.from({ length: 300 }, (_, n) => ({ LastName: `B,"${n}"\nx`, Email: `bulk${n}@example.com` }));
  await step("rows are loaded, each with its own outcome", async () => {
    const input = [...rows, { LastName: "x", Email: "no" }];
    const found = await org.bulk2.loadAndWaitForResults({ object: "Contact", operation: "insert", input });
    same([found.successfulResults.length, found.failedResults.length, found.unprocessedRecords.length], [300, 1, 0]);
    same(found.failedResults[0].sf__Error.startsWith("INVALID_EMAIL_ADDRESS"), true);
    const wanted = { object: "Contact", operation: "upsert", externalIdFieldName: "Email", input: rows };
    same((await org.bulk2.loadAndWaitForResults(wanted)).successfulResults.every(each => each.sf__Created === "false"), true);
  });
  await step("rows are asked for", async () => {
    const found = await (await org.bulk2.query("SELECT Id, LastName FROM Contact WHERE Email LIKE 'bulk%'")).toArray();
    same([found.length, found.some(each => each.LastName === 'B,"7"\nx')], [300, true]);
    same(await refusal(org.bulk2.query("SELECT Nonsense FROM Contact")), "INVALID_FIELD");
  });
  await step("a job is opened, closed, looked at, aborted and deleted", async () => {
    const job = org.bulk2.createJob({ object: "Contact", operation: "insert", lineEnding: "CRLF", columnDelimiter: "SEMICOLON" });
    await job.open();
    await job.uploadData("LastName;Email\r\nSemi;semi@example.com\r\n");
    await job.close();
    await job.poll(50, 20_000);
    same(job.getInfo().numberRecordsProcessed, 1);
    same((await job.getSuccessfulResults(true)).includes("semi@example.com"), true);
    await job.delete();
    const aborted = org.bulk2.createJob({ object: "Contact", operation: "insert" });
    await aborted.open();
    await aborted.abort();
    same(aborted.getInfo().state, "Aborted");
  });
  await step("a query over the threshold deletes by bulk", async () => {
    const gone = await org.sobject("Contact").find({ Email: { $like: "bulk%" } }).destroy({ bulkThreshold: 10, bulkApiVersion: 2 });
    same([gone.length, gone.every(each => each.success)], [300, true]);
  });
  await step("Bulk API 1.0 is refused by its code", async () => {
    same(await refusal(org.bulk.createJob("Contact", "insert").open()), "FeatureNotEnabled");
    same(await refusal(org.bulk.query("SELECT Id FROM Contact")), "FeatureNotEnabled");
  });
}

/** Deployed by SOAP and by REST, listed, read, changed one by one, retrieved. */
export async function metadata(org, given) {
  org.metadata.pollInterval = 100;
  org.metadata.pollTimeout = 25_000;
  const zip = readFileSync(given.zip);
  await step("a package is deployed by SOAP, and by REST", async () => {
    const done = await org.metadata.deploy(zip, { rollbackOnError: true, singlePackage: true }).complete(true);
    same([done.success, done.status, done.numberComponentErrors], [true, "Succeeded", 0]);
    same(done.details.componentSuccesses.length > 10, true);
    const checking = { checkOnly: true, singlePackage: true, rollbackOnError: true, testLevel: "RunLocalTests" };
    const checked = await org.metadata.deployRest(zip, checking);
    const polled = org.metadata.checkDeployStatus(checked.id, true, true);
    same((await polled).id, checked.id);
    while (!(await org.metadata.checkDeployStatus(checked.id, true, true)).done);
    same(typeof await org.metadata.deployRecentValidation({ id: checked.id, rest: true }), "string");
  });
  await step("components are listed and described", async () => {
    const listed = await org.metadata.list([{ type: "CustomObject" }, { type: "PermissionSet" }]);
    same(listed.some(each => each.fullName === "CM_Member__c"), true);
    same((await org.metadata.list({ type: "Report", folder: "Fairlead" })).length >= 10, true);
    same((await org.metadata.describe()).metadataObjects.some(each => each.xmlName === "CustomObject"), true);
  });
  await step("a component is created, read, updated, upserted, renamed and deleted", async () => {
    const object = { fullName: "Thing__c", label: "Thing", pluralLabel: "Things", deploymentStatus: "Deployed",
      sharingModel: "ReadWrite", nameField: { type: "Text", label: "Thing" } };
    same((await org.metadata.create("CustomObject", object)).success, true);
    const field = { fullName: "Thing__c.Code__c", label: "Code", type: "Text", length: 20, externalId: true };
    same((await org.metadata.upsert("CustomField", [field])).map(each => [each.success, each.created]), [[true, true]]);
    same((await org.metadata.upsert("CustomField", field)).created, false);
    same((await org.metadata.update("CustomField", { ...field, length: 40 })).success, true);
    same((await org.metadata.read("CustomField", "Thing__c.Code__c")).length, 40);
    const [read, missing] = await org.metadata.read("CustomObject", ["Thing__c", "Nothing__c"]);
    same([read.fullName, missing?.fullName], ["Thing__c", undefined]);
    const made = await org.sobject("Thing__c").upsert({ Code__c: "a", Name: "A" }, "Code__c");
    same(made.success, true);
    same((await org.metadata.delete("CustomField", ["Thing__c.Code__c"])).map(each => each.success), [true]);
    same((await org.metadata.delete("CustomObject", "Thing__c")).success, true);
    const again = await org.metadata.delete("CustomObject", "Thing__c");
    same([again.success, again.errors[0].statusCode], [false, "INVALID_CROSS_REFERENCE_KEY"]);
    same(await refusal(org.metadata.create("Nonsense", { fullName: "x" })), "sf:INVALID_TYPE");
  });
  await step("components are retrieved", async () => {
    const unpackaged = { types: [{ name: "CustomObject", members: ["CM_Member__c"] }], version: org.version };
    const found = await org.metadata.retrieve({ apiVersion: org.version, singlePackage: true, unpackaged }).complete();
    same([found.status, found.success], ["Succeeded", true]);
    same(Buffer.from(found.zipFile, "base64").subarray(0, 2).toString(), "PK");
  });
}

/** The Tooling API, and requests of several parts. */
export async function tooling(org) {
  await step("tooling is queried and described", async () => {
    same((await org.tooling.query("SELECT Id, DeveloperName FROM CustomObject WHERE DeveloperName = 'CM_Member'")).totalSize, 1);
    same((await org.tooling.describeGlobal()).sobjects.length > 0, true);
    same((await org.tooling.sobject("CustomField").find({ DeveloperName: "Import_Source" }, "Id")).length > 0, true);
    same(await refusal(org.tooling.executeAnonymous("x();")) !== "nothing was refused", true);
  });
  await step("a composite request refers to its own parts", async () => {
    const base = `/services/data/v${org.version}`;
    const parts = [
      { method: "POST", url: `${base}/sobjects/Account`, referenceId: "a", body: { Name: "Composite" } },
      { method: "POST", url: `${base}/sobjects/Contact`, referenceId: "c", body: { LastName: "C", AccountId: "@{a.id}" } },
      { method: "GET", url: `${base}/query?q=SELECT+AccountId+FROM+Contact+WHERE+Id='@{c.id}'`, referenceId: "q" },
    ];
    const { compositeResponse: [a, c, q] } = await org.requestPost("/composite", { allOrNone: true, compositeRequest: parts });
    same([a.httpStatusCode, c.httpStatusCode, q.body.records[0].AccountId], [201, 201, a.body.id]);
  });
}

/** Reports and dashboards, run at once and later. */
export async function reports(org) {
  let id;
  await step("reports are listed, described and run", async () => {
    const [{ Id }] = await org.sobject("Report").find({ DeveloperName: { $like: "%" } }, "Id").limit(1);
    id = Id;
    same(Array.isArray(await org.analytics.reports()), true);
    const report = org.analytics.report(id);
    const told = await report.describe();
    same(told.reportMetadata.id.slice(0, 15), id.slice(0, 15));
    same("T!T" in (await report.execute({ details: true })).factMap, true);
    const metadata = { reportMetadata: { ...told.reportMetadata, reportFilters: [] } };
    same((await report.execute({ metadata })).attributes.type, "Report");
  });
  await step("a report is run later", async () => {
    const report = org.analytics.report(id);
    const instance = await report.executeAsync({ details: true });
    same((await report.instances()).some(each => each.id === instance.id), true);
    let found = await report.instance(instance.id).retrieve();
    for (let n = 0; n < 50 && found.attributes.status !== "Success"; n += 1) {
      await new Promise(done => setTimeout(done, 100));
      found = await report.instance(instance.id).retrieve();
    }
    same(found.attributes.status, "Success");
  });
  await step("dashboards are listed", async () => same((await org.analytics.dashboards()).dashboards.length > 0, true));
  await step("a report's plan is told", async () => same(Array.isArray((await org.analytics.report(id).explain()).plans), true));
}

/** The older door. */
export async function soap(org, given) {
  await step("records are written, merged and brought back by SOAP", async () => {
    same((await org.soap.getUserInfo()).userName, given.username);
    same(typeof (await org.soap.getServerTimestamp()).timestamp, "string");
    const made = await org.soap.create([1, 2].map(n => ({ type: "Contact", LastName: `Soap${n}`, Email: `soap${n}@example.com` })));
    same(made.map(each => each.success), [true, true]);
    const [winner, loser] = made.map(each => each.id);
    same((await org.soap.update({ type: "Contact", Id: winner, Title: "T" })).success, true);
    same((await org.soap.upsert("Email", [{ type: "Contact", Email: "soap2@example.com", Title: "S" }]))[0].created, false);
    const merged = await org.soap.merge({ masterRecord: { type: "Contact", Id: winner }, recordToMergeIds: [loser] });
    same([merged.success, merged.mergedRecordIds[0].slice(0, 15)], [true, loser.slice(0, 15)]);
    same((await org.soap.delete([winner]))[0].success, true);
    same((await org.soap.undelete([winner]))[0].success, true);
    same((await org.soap.delete([winner]))[0].success, true);
    same((await org.soap.emptyRecycleBin([winner]))[0].success, true);
  });
  await step("a lead is converted by SOAP", async () => {
    const lead = await org.sobject("Lead").create({ LastName: "Lead", Company: "C", Email: "lead@example.com" });
    const [{ MasterLabel }] = (await org.query("SELECT MasterLabel FROM LeadStatus WHERE IsConverted = true")).records;
    const done = await org.soap.convertLead({ leadId: lead.id, convertedStatus: MasterLabel, doNotCreateOpportunity: true });
    same([done.success, done.contactId.slice(0, 3)], [true, "003"]);
  });
}
