// A process of its own, started by proxy.ts: answers everything with the same few bytes, so that what is measured is the
// proxy before it. Tells its port to whoever started it, and ends with it.
import { createServer } from "node:http";

const body = JSON.stringify({ user_id: "@bot:example.org", versions: ["v1.11"] });
const server = createServer((_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(body);
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit());
