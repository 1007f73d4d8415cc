// Segment's library for Node, pointed at a server of ours. Not part of the test run, which needs no npm:
//
//   npm install @segment/analytics-node
//   node node_sdk.mjs http://127.0.0.1:8080 WRITE_KEY
//
// Sends one event of every kind and prints what became of each; exits with 1 when one was not accepted.

import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
if (!writeKey) {
  console.error("usage: node node_sdk.mjs URL WRITE_KEY");
  process.exit(2);
}

const analytics = new Analytics({ writeKey, host, path: "/v1/batch", flushInterval: 50, maxRetries: 1 });
let accepted = 0;
let failed = 0;
analytics.on("error", (error) => {
  failed += 1;
  console.error("not accepted:", error.code, error.reason ?? "");
});

const done = (error, context) => {
  if (error) {
    failed += 1;
    console.error("not accepted:", error);
    return;
  }
  accepted += 1;
  console.log("accepted:", context.event.type, context.event.messageId);
};

const person = { userId: "jane" };
analytics.identify({ ...person, traits: { plan: "pro" } }, done);
analytics.page({ ...person, category: "Docs", name: "Start" }, done);
analytics.screen({ ...person, name: "Start" }, done);
analytics.group({ ...person, groupId: "acme", traits: { size: 5 } }, done);
analytics.alias({ userId: "jane", previousId: "anonymous" }, done);
analytics.track({ ...person, event: "Order Viewed", properties: { total: 1 } }, done);
analytics.track({ ...person, event: "Order Completed", properties: { order_id: "1001", total: 42.5 } }, done);

await analytics.closeAndFlush();
console.log(`${accepted} accepted, ${failed} not`);
process.exit(failed || accepted !== 7 ? 1 : 0);
