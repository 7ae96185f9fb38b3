import { call, type Reply } from "./dev-homeserver.js";

/** A browser without scripts: keeps its cookie, follows redirects, sends forms with their hidden fields. */
export class ConsentBrowser {
  readonly #baseUrl: URL;
  cookie = "";
  page: Reply | undefined;

  constructor(baseUrl: URL) {
    this.#baseUrl = baseUrl;
  }

  async open(path: string): Promise<Reply> {
    return this.#follow(await call(this.#baseUrl, `GET ${path}`, this.#headers()));
  }

  async submit(fields: Readonly<Record<string, string>>): Promise<Reply> {
    const text = this.page?.text ?? "";
    const hidden = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)];
    const form = { ...Object.fromEntries(hidden.map(([, name, value]) => [name, value])), ...fields };
    const action = text.match(/<form method="post" action="([^"]+)">/)?.[1];
    return this.#follow(await call(this.#baseUrl, `POST ${action}`, { form, ...this.#headers() }));
  }

  #headers() {
    return this.cookie === "" ? {} : { headers: { cookie: this.cookie } };
  }

  async #follow(reply: Reply): Promise<Reply> {
    const [cookie] = reply.headers.get("set-cookie")?.split(";") ?? [];
    if (cookie !== undefined) this.cookie = cookie;
    const location = reply.headers.get("location");
    if (location !== null) return this.open(location);
    this.page = reply;
    return reply;
  }
}
