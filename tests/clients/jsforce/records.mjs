// Records, one by one and many: written, read, found, described.

import jsforce from "jsforce";
import { refusal, same, step } from "./steps.mjs";

export async function records(org) {
  await one(org);
  await many(org);
  await finding(org);
  await paging(org);
  await describing(org);
  await changes(org);
}

async function one(org) {
  let id;
  await step("a record is created", async () => {
    const made = await org.sobject("Contact").create({ LastName: "O'Neill", Email: "neill@example.com" });
    same([made.success, made.id.length], [true, 18]);
    id = made.id;
  });
  await step("it is read whole and in part", async () => {
    same((await org.sobject("Contact").retrieve(id)).LastName, "O'Neill");
    const part = await org.sobject("Contact").retrieve(id, { fields: ["Email"] });
    same(part.Email, "neill@example.com");
    same("LastName" in part, false);
  });
  await step("it is updated", async () => {
    same((await org.sobject("Contact").update({ Id: id, FirstName: "Zoë" })).success, true);
    same((await org.sobject("Contact").record(id).retrieve()).Name, "Zoë O'Neill");
  });
  await step("it is upserted by a field", async () => {
    same((await org.sobject("Contact").upsert({ Email: "neill@example.com", Title: "Owner" }, "Email")).success, true);
    const made = await org.sobject("Contact").upsert({ Email: "new@example.com", LastName: "New" }, "Email");
    same([made.success, made.created], [true, true]);
    same((await org.sobject("Contact").findOne({ Email: "neill@example.com" })).Title, "Owner");
  });
  await step("refusals have their codes", async () => {
    same(await refusal(org.sobject("Contact").create({ LastName: "x", Email: "no" })), "INVALID_EMAIL_ADDRESS");
    same(await refusal(org.sobject("Contact").create({ FirstName: "x" })), "REQUIRED_FIELD_MISSING");
    same(await refusal(org.sobject("Contact").create({ LastName: "x", Nonsense: 1 })), "INVALID_FIELD");
    same(await refusal(org.sobject("Nonsense").create({ Name: "x" })), "NOT_FOUND");
    same(await refusal(org.sobject("Contact").retrieve("003000000000001AAA")), "NOT_FOUND");
    same(await refusal(org.query("SELECT Nonsense FROM Contact")), "INVALID_FIELD");
    same(await refusal(org.query("SELECT FROM Contact")), "MALFORMED_QUERY");
    same(await refusal(org.request("/nonsense")), "NOT_FOUND");
  });
  await step("it is deleted", async () => {
    same((await org.sobject("Contact").destroy(id)).success, true);
    same(await refusal(org.sobject("Contact").retrieve(id)), "ENTITY_IS_DELETED");
    same((await org.query("SELECT Id FROM Contact WHERE IsDeleted = true", { scanAll: true })).totalSize, 1);
  });
}

async function many(org) {
  const people = Array.from({ length: 450 }, (_, n) => ({ LastName: `Many${n}`, Email: `many${n}@example.com` }));
  await step("many are created, each with its own outcome", async () => {
    const made = await org.sobject("Contact").create([...people, { LastName: "x", Email: "no" }], { allowRecursive: true });
    same(made.length, 451);
    same(made.filter(each => each.success).length, 450);
    same(made.at(-1).errors[0].statusCode, "INVALID_EMAIL_ADDRESS");
  });
  await step("more than 200 at a time are refused", async () => {
    same(await refusal(org.sobject("Contact").create(people)), "EXCEEDED_MAX_SIZE_REQUEST");
  });
  await step("all or none leaves none", async () => {
    const rows = [{ LastName: "Half" }, { FirstName: "x" }];
    const made = await org.sobject("Contact").create(rows, { allOrNone: true });
    same(made.map(each => each.success), [false, false]);
    same(await org.sobject("Contact").count({ LastName: "Half" }), 0);
  });
  await step("many are read, updated, upserted and deleted", async () => {
    const found = await org.sobject("Contact").find({ LastName: { $like: "Many1%" } }, ["Id", "LastName", "Email"]);
    const ids = found.map(each => each.Id).slice(0, 50);
    same((await org.sobject("Contact").retrieve(ids, { fields: ["Name"] })).length, 50);
    same(Object.keys((await org.sobject("Contact").retrieve(ids.slice(0, 2)))[0]).includes("MailingCity"), true);
    same((await org.sobject("Contact").update(ids.map(Id => ({ Id, Title: "T" })))).every(each => each.success), true);
    const upserted = found.slice(0, 5).map(each => ({ Email: each.Email, Department: "D" }));
    same((await org.sobject("Contact").upsert(upserted, "Email")).map(each => each.created), Array(5).fill(false));
    same((await org.sobject("Contact").destroy(ids.slice(0, 10))).every(each => each.success), true);
  });
  await step("a query updates and deletes what it finds", async () => {
    const changed = await org.sobject("Contact").find({ Title: "T" }).update({ Title: "U ${LastName}" }, { allowBulk: false });
    same(changed.length, 40);
    same(await org.sobject("Contact").count({ Title: { $like: "U Many%" } }), 40);
    same((await org.sobject("Contact").find({ Title: { $like: "U %" } }).destroy({ allowBulk: false })).length, 40);
  });
}

async function finding(org) {
  await step("parents and children are found", async () => {
    const account = await org.sobject("Account").create({ Name: "Harbour" });
    await org.sobject("Contact").create([1, 2, 3].map(n => ({ LastName: `Child${n}`, AccountId: account.id })));
    const [found] = await org.sobject("Account").find({ Name: "Harbour" }, "Id, Name, Owner.Name")
      .include("Contacts", { LastName: { $ne: "Child3" } }, "Id, LastName", { limit: 5, sort: { LastName: -1 } }).end()
      .execute();
    same(found.Contacts.records.map(each => each.LastName), ["Child2", "Child1"]);
    same(typeof found.Owner.Name, "string");
    const child = await org.sobject("Contact").findOne({ "Account.Name": "Harbour", LastName: "Child1" }, "Id, Account.*");
    same([child.Account.Name, child.Account.Id], ["Harbour", account.id]);
    const wide = await org.sobject("Account").find({ Id: account.id }, "*").include("Contacts").select("*").end().execute();
    same(wide[0].Contacts.totalSize, 3);
  });
  await step("conditions of every kind are understood", async () => {
    const since = jsforce.SfDate.toDateTimeLiteral(new Date(Date.now() - 86_400_000));
    const found = await org.sobject("Contact").find({
      CreatedDate: { $gte: since }, LastName: { $in: ["Child1", "Child2"] }, $or: [{ Title: null }, { Title: { $ne: "x" } }],
    }).sort("-LastName").skip(1).limit(1);
    same(found.map(each => each.LastName), ["Child1"]);
    same((await org.query("SELECT COUNT(Id) n, Account.Name a FROM Contact WHERE AccountId != null GROUP BY Account.Name"))
      .records.map(each => [each.n, each.a]), [[3, "Harbour"]]);
  });
  await step("a query's plan is told", async () => same(Array.isArray((await org.query("SELECT Id FROM Contact").explain()).plans), true));
  await step("SOSL is refused by its code", async () => same(await refusal(org.search("FIND {x}")), "FUNCTIONALITY_NOT_ENABLED"));
}

async function paging(org) {
  await step("pages are followed to the end", async () => {
    const first = await org.query("SELECT Id FROM Lead ORDER BY Id", { autoFetch: false });
    same([first.done, first.records.length, first.totalSize], [false, 2000, 4100]);
    same((await org.queryMore(first.nextRecordsUrl.split("/").pop())).records.length, 2000);
    const all = await org.query("SELECT Id FROM Lead", { autoFetch: true, maxFetch: 10_000 });
    same(new Set(all.records.map(each => each.Id)).size, 4100);
    const deleted = await org.query("SELECT Id FROM Lead", { autoFetch: true, maxFetch: 10_000, scanAll: true });
    same(deleted.records.length, 4100);
  });
  await step("records come as events and as CSV", async () => {
    let seen = 0;
    await new Promise((done, refuse) => org.query("SELECT Id FROM Lead").on("record", () => { seen += 1; })
      .on("end", done).on("error", refuse).run({ autoFetch: true, maxFetch: 4100 }));
    same(seen, 4100);
    let text = "";
    for await (const part of org.query("SELECT Id, Email FROM Lead LIMIT 10").stream()) text += part;
    same(text.trim().split("\n").length, 11);
  });
  await step("a locator that is unknown is refused", async () => {
    same(await refusal(org.queryMore("0r8000000000000AAA-2000")), "INVALID_QUERY_LOCATOR");
  });
}

async function describing(org) {
  await step("objects are described, from the cache the second time", async () => {
    const told = await org.describe("Contact");
    same(told.fields.find(each => each.name === "Email").type, "email");
    same(await org.sobject("Contact").describe$(), told);
    same(await org.describe$("Contact"), told);
    same((await org.describeGlobal$()).sobjects.some(each => each.name === "CampaignMember"), true);
    same(await refusal(org.describe("Nonsense")), "NOT_FOUND");
  });
  await step("layouts are described", async () => {
    same(Array.isArray((await org.sobject("Contact").layouts()).layouts), true);
    same(Array.isArray((await org.sobject("Contact").compactLayouts()).compactLayouts), true);
    same(Array.isArray((await org.sobject("Contact").approvalLayouts()).approvalLayouts), true);
  });
  await step("list views are listed and run", async () => {
    const { listviews } = await org.sobject("Contact").listviews();
    same(listviews.length > 0, true);
    const view = org.sobject("Contact").listview(listviews[0].id);
    same(typeof (await view.describe()).query, "string");
    same(Array.isArray((await view.results()).records), true);
    same(Array.isArray((await view.explain()).plans), true);
  });
  await step("tabs, theme, quick actions and recent items are told", async () => {
    same(Array.isArray(await org.tabs()), true);
    same(Array.isArray((await org.theme()).themeItems), true);
    same(Array.isArray(await org.quickActions()), true);
    same(Array.isArray(await org.sobject("Contact").quickActions()), true);
    same(Array.isArray(await org.recent("Contact", 5)), true);
    same(Array.isArray(await org.recent(5)), true);
  });
}

async function changes(org) {
  await step("what was changed and deleted is told", async () => {
    const made = await org.sobject("Contact").create({ LastName: "Seen" });
    const from = new Date(Date.now() - 3_600_000);
    const to = new Date(Date.now() + 120_000);
    same((await org.sobject("Contact").updated(from, to)).ids.includes(made.id), true);
    await org.sobject("Contact").destroy(made.id);
    same((await org.sobject("Contact").deleted(from, to)).deletedRecords.some(each => each.id === made.id), true);
  });
}
