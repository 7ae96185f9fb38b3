// A bot on matrix-js-sdk that answers "!matrix-js-sdk ping 1" with "matrix-js-sdk pong 1".
import { ClientEvent, createClient, MatrixEventEvent } from "matrix-js-sdk";
import { load, save } from "./store.mjs";

const { MATRIX_HOMESERVER, MATRIX_ACCESS_TOKEN, MATRIX_USER_ID, MATRIX_DEVICE_ID } = process.env;
const STORE = "store";
const FILE = Buffer.alloc(5_000_000, Buffer.from(Array.from({ length: 250 }, (_, index) => index)));

await load(STORE);
const client = createClient({
  baseUrl: MATRIX_HOMESERVER,
  accessToken: MATRIX_ACCESS_TOKEN,
  userId: MATRIX_USER_ID,
  deviceId: MATRIX_DEVICE_ID,
});
await client.initRustCrypto();
// Before anybody is told of them.
await save(STORE);

client.on(ClientEvent.Sync, () => void save(STORE));
process.once("SIGTERM", async () => {
  client.stopClient();
  await save(STORE);
  process.exit();
});
client.on(MatrixEventEvent.Decrypted, (event) => void answer(event));
await client.startClient();

async function answer(event) {
  const [name, command, number] = String(event.getContent().body).split(" ");
  if (name !== "!matrix-js-sdk") return;
  try {
    const send = (text) => client.sendTextMessage(event.getRoomId(), `matrix-js-sdk ${text}`);
    if (command === "ping") await send(`pong ${number}`);
    if (command === "upload") await send(`uploaded ${(await client.uploadContent(FILE)).content_uri}`);
  } catch (error) {
    process.stderr.write(`${error}\n`);
  }
}
