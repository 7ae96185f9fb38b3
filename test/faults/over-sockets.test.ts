import { expect, it, onTestFinished } from "vitest";
import { judge, VERIFIED } from "./judge.js";
import { signIn } from "./sign-in.js";
import { type SocketFault, SocketScene } from "./socket-scene.js";

/** Whole sign-ins over real sockets, on which one thing goes wrong. What goes wrong where is up to the other tests here. */

const { signal } = new AbortController();

/** Nothing comes, and the connection stays open. */
const nothing: SocketFault = async () => undefined;
const handledAndNothing: SocketFault = async ({ handle }) => void (await handle());
const reset: SocketFault = async ({ socket }) => void socket.resetAndDestroy();
const handledAndReset: SocketFault = async ({ handle, socket }) => {
  await handle();
  socket.resetAndDestroy();
};
const cutShort: SocketFault = async ({ handle, socket }) => {
  const { status, body: whole } = await handle();
  const body = Buffer.from(whole);
  const head = `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head), body.subarray(0, body.length / 2)]));
};
const duplicated: SocketFault = async ({ handle, answer }) => {
  await handle();
  answer(await handle());
};
const late: SocketFault = async ({ handle, answer, clock }) => {
  const handled = await handle();
  await clock.sleep(4_000, signal);
  answer(handled);
};
/** A byte now and then, and never an end. */
const endless: SocketFault = async ({ response, clock }) => {
  response.writeHead(200, { "content-type": "application/json" });
  while (!response.destroyed) {
    response.write(" ");
    await clock.sleep(500, signal);
  }
};

const METADATA = /^GET .*auth_metadata$/;
const DEVICE_AUTHORIZATION = /^POST .*oauth2\/device$/;
const REGISTRATION = /^POST .*registration$/;
const MESSAGE = /^PUT .*rendezvous/;
const KEYS_UPLOAD = /^POST .*keys\/upload$/;
const KEYS_QUERY = /^POST .*keys\/query$/;
const WHOAMI = /^GET .*whoami$/;

it.each([
  ["is lost", nothing, DEVICE_AUTHORIZATION],
  ["is handled, and its answer lost", handledAndNothing, KEYS_UPLOAD],
  ["is reset", reset, MESSAGE],
  ["is handled, and then reset", handledAndReset, REGISTRATION],
  ["is answered in part", cutShort, METADATA],
  ["comes twice", duplicated, MESSAGE],
  ["is answered late", late, WHOAMI],
  ["is answered slowly without an end", endless, KEYS_QUERY],
])("a sign-in of which one request %s ends verified", async (_what, fault, where) => {
  let isMet = false;
  const scene = await SocketScene.start((request) => {
    if (isMet || !where.test(request)) return undefined;
    isMet = true;
    return fault;
  });
  onTestFinished(() => scene.close());
  const ends = await signIn(scene, { version: "msc4388", generator: "new" });
  expect(await judge(scene, ends)).toEqual({ outcome: VERIFIED, broken: [] });
  expect(isMet).toBe(true);
});
