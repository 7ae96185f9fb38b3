import { describe, expect, it } from "vitest";
import type { FailureCode } from "../../src/foundation/failures.js";
import { decodeBase64, encodeBase64 } from "../../src/protocol/base64.js";
import {
  decodeQrCode,
  encodeQrCode,
  recogniseQrCode,
  type SignInQrPayload,
} from "../../src/protocol/qr-code.js";
import { expectFailure } from "../support/failures.js";
import { SeededRandom } from "../support/random.js";
import { hex, readVectors } from "../support/vectors.js";

interface Fields {
  format: "msc4388" | "msc4108-2024";
  prefix?: "MATRIX" | "IO_ELEMENT_MSC4388";
  intent: number;
  public_key: string;
  rendezvous_id?: string;
  base_url?: string;
  rendezvous_url?: string;
  server_name?: string;
}

interface Vectors {
  decode: {
    name: string;
    bytes: string;
    expect: "accept" | "reject" | "either";
    fields?: Fields;
    note: string;
  }[];
  encode: { name: string; input: EncodeInput; bytes?: string; error?: string }[];
}

interface EncodeInput extends Omit<Fields, "intent" | "prefix"> {
  intent: "login" | "reciprocate";
}

const vectors = readVectors<Vectors>("qr.json");

/** What this program answers where the vectors leave the choice. */
const OUR_CHOICE: Readonly<Record<string, "accept" | FailureCode>> = {
  trailing_byte: "malformed_sign_in_code",
  id_empty: "malformed_sign_in_code",
  id_not_grammar: "malformed_sign_in_code",
  url_javascript: "malformed_sign_in_code",
  key_zero: "accept",
  "2024_mode_3_trailing": "malformed_sign_in_code",
};

const NOT_FOR_SIGNING_IN = [
  "empty",
  "prefix_cut",
  "prefix_case",
  "prefix_bit",
  "stable_type_4",
  "verification_mode_0",
  "verification_mode_2",
  "2024_mode_5",
];

function fromFields(fields: Fields): SignInQrPayload {
  const publicKey = hex(fields.public_key);
  if (fields.format === "msc4388") {
    return {
      channel: "msc4388",
      prefix: fields.prefix ?? "IO_ELEMENT_MSC4388",
      intent: fields.intent === 0 ? "new" : "existing",
      publicKey,
      rendezvousId: fields.rendezvous_id ?? "",
      baseUrl: fields.base_url ?? "",
    };
  }
  return {
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: fields.intent === 3 ? "new" : "existing",
    publicKey,
    rendezvousUrl: fields.rendezvous_url ?? "",
    ...(fields.server_name !== undefined && { serverName: fields.server_name }),
  };
}

const unstable = hex(vectors.decode.find(({ name }) => name === "unstable_intent_0")?.bytes ?? "");
const mode4 = hex(vectors.decode.find(({ name }) => name === "2024_mode_4")?.bytes ?? "");

describe("the vectors for reading a sign-in code", () => {
  for (const { name, bytes, expect: expected, fields, note } of vectors.decode) {
    const choice = expected === "either" ? OUR_CHOICE[name] : expected;
    if (choice === "accept") {
      it(`accepts ${name}: ${note}`, () => {
        const code = decodeQrCode(hex(bytes));
        if (fields) expect(code).toEqual(fromFields(fields));
        expect(encodeQrCode(code)).toEqual(hex(bytes));
      });
    } else {
      it(`refuses ${name}: ${note}`, async () => {
        const code = NOT_FOR_SIGNING_IN.includes(name) ? "not_a_sign_in_code" : "malformed_sign_in_code";
        await expectFailure(code, () => decodeQrCode(hex(bytes)));
      });
    }
  }

  it("leave no choice undecided", () => {
    const open = vectors.decode
      .filter(({ expect: expected }) => expected === "either")
      .map(({ name }) => name);
    expect(open.sort()).toEqual(Object.keys(OUR_CHOICE).sort());
  });
});

describe("the vectors for writing a sign-in code", () => {
  for (const { name, input, bytes, error } of vectors.encode) {
    const repeated = / followed by (\d+) times (.)$/.exec(input.base_url ?? "");
    const baseUrl = repeated
      ? input.base_url?.replace(repeated[0], (repeated[2] ?? "").repeat(Number(repeated[1])))
      : input.base_url;
    const code = fromFields({
      ...input,
      ...(baseUrl !== undefined && { base_url: baseUrl }),
      intent: { login: [0, 3], reciprocate: [1, 4] }[input.intent][input.format === "msc4388" ? 0 : 1] ?? -1,
      public_key: Buffer.from(decodeBase64(input.public_key) ?? []).toString("hex"),
    });
    if (error) {
      it(`refuses ${name}`, () => expectFailure("server_error", () => encodeQrCode(code)));
    } else if (name === "msc4388_slash") {
      it("keeps the base URL as it is given, a lone slash included", () => {
        expect(decodeQrCode(encodeQrCode(code))).toEqual(code);
        expect(encodeQrCode(code).length).toBe(hex(bytes ?? "").length + 1);
      });
    } else {
      it(`writes ${name}`, () => expect(encodeQrCode(code)).toEqual(hex(bytes ?? "")));
    }
  }
});

describe("a sign-in code", () => {
  it("is read back as it was written, whatever it holds", () => {
    const random = new SeededRandom(4388);
    const identifier = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~";
    for (let round = 0; round < 500; round++) {
      const path = random.text(random.below(400), `${identifier}/äß漢🦀`);
      const url = `${["https", "http", "HTTPS"][random.below(3)]}://example${random.below(9)}.org:${1 + random.below(65535)}/${path}`;
      const intent = random.below(2) === 0 ? "new" : "existing";
      const publicKey = random.bytes(32);
      const code: SignInQrPayload =
        random.below(2) === 0
          ? {
              channel: "msc4388",
              prefix: random.below(2) === 0 ? "MATRIX" : "IO_ELEMENT_MSC4388",
              intent,
              publicKey,
              rendezvousId: random.text(1 + random.below(255), identifier),
              baseUrl: url,
            }
          : {
              channel: "msc4108-2024",
              prefix: "MATRIX",
              intent,
              publicKey,
              rendezvousUrl: url,
              ...(intent === "existing" && {
                serverName: ["example.org", "[::1]:8448", url][random.below(3)] ?? "",
              }),
            };
      expect(decodeQrCode(encodeQrCode(code))).toEqual(code);
    }
  });

  it("is refused wherever it is cut off", async () => {
    for (const whole of [unstable, mode4]) {
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.subarray(0, length);
        const prefix = whole === unstable ? "IO_ELEMENT_MSC4388" : "MATRIX";
        const code = length < prefix.length ? "not_a_sign_in_code" : "malformed_sign_in_code";
        await expectFailure(code, () => decodeQrCode(cut));
      }
    }
  });

  it("never throws anything but a failure, whichever bytes follow a known beginning", async () => {
    const random = new SeededRandom(4108);
    for (let round = 0; round < 2000; round++) {
      const damaged = Uint8Array.from(round % 2 === 0 ? unstable : mode4);
      for (let changes = 1 + random.below(4); changes > 0; changes--) {
        damaged[random.below(damaged.length)] = random.below(256);
      }
      let code: SignInQrPayload | undefined;
      try {
        code = decodeQrCode(damaged);
      } catch (thrown) {
        await expectFailure((thrown as { code: FailureCode }).code, () => {
          throw thrown;
        });
      }
      if (code) expect(encodeQrCode(code)).toEqual(damaged);
    }
  });

  it("does not keep the buffer it was read from", () => {
    const bytes = Buffer.from(unstable);
    const { publicKey } = decodeQrCode(bytes);
    bytes.fill(0);
    expect(encodeBase64(publicKey)).toBe("2IZoarIZe3gOMAqdSiFHSAcA15KfOasxueUUNwJI7Ws");
  });

  it.each([
    ["without slashes", "https:example.org"],
    ["with white space", "https://example.org/ x"],
    ["with a line break", "https://exam\nple.org"],
    ["after a byte order mark", "\u{feff}https://example.org"],
    ["of a file", "file:///etc/passwd"],
    ["with an impossible port", "https://example.org:99999"],
  ])("is refused with a base URL %s", async (_, baseUrl) => {
    const code = { ...decodeQrCode(unstable), baseUrl } as SignInQrPayload;
    await expectFailure("malformed_sign_in_code", () => decodeQrCode(encodeQrCode(code)));
  });

  it.each(["", "example.org/path", "exa mple.org", "javascript:alert(1)", "example.org:99999", "a..b"])(
    "of 2024 is refused with the server name %j",
    async (serverName) => {
      const bytes = mode4.subarray(0, mode4.length - "matrix.org".length - 2);
      const withName = Buffer.concat([bytes, Uint8Array.of(0, serverName.length), Buffer.from(serverName)]);
      await expectFailure("malformed_sign_in_code", () => decodeQrCode(withName));
    },
  );

  it("can't be written with a key of another length, or by an existing device that names no server", () => {
    expect(() => encodeQrCode({ ...decodeQrCode(unstable), publicKey: new Uint8Array(31) })).toThrow(
      RangeError,
    );
    const { serverName: _, ...code } = decodeQrCode(mode4) as SignInQrPayload & { serverName?: string };
    expect(() => encodeQrCode(code)).toThrow(RangeError);
  });
});

describe("a code of another kind is named", () => {
  it.each([
    [
      "device_verification",
      Buffer.from("MATRIX\u0002\u0000\u0000\u0006$event", "latin1"),
      /verifying a device/,
    ],
    ["device_verification", Buffer.from("MATRIX\u0002\u0002\u0000\u0003TXN", "latin1"), /verifying a device/],
    [
      "msc3906",
      Buffer.from('{"rendezvous":{"algorithm":"org.matrix.msc3903.rendezvous.v2.curve25519-aes-sha256"}}'),
      /abandoned kind/,
    ],
    ["msc3906", Buffer.from('{"flow":"org.matrix.msc3906.v1","rendezvous":{}}'), /abandoned kind/],
    ["web_link", Buffer.from("https://matrix.to/#/@alice:example.org"), /web link/],
    ["web_link", Buffer.from("HTTP://EXAMPLE.ORG/"), /web link/],
    ["unknown", Buffer.from('{"name":"something else"}'), /not for signing in/],
    ["unknown", Buffer.from("{ not JSON"), /not for signing in/],
    ["unknown", Buffer.from("WIFI:T:WPA;S:net;P:secret;;"), /not for signing in/],
  ] as const)("%s", async (kind, bytes, message) => {
    expect(recogniseQrCode(bytes)).toBe(kind);
    const failure = await expectFailure("not_a_sign_in_code", () => decodeQrCode(bytes));
    expect(failure.message).toMatch(message);
    expect(failure.hint).toBeTruthy();
  });
});
