// What registries most often get wrong, as rows of one table: 74 rules of distribution-spec 1.1.1 and of its main branch, each
// named by its number and held through the server's own handler, or on the wire where it is a matter of the wire.
import { expect, test } from "bun:test";
import { type Carried, errorCodes, type TestHandler } from "../../testing/handler.ts";
import { testServer } from "../../testing/server.ts";

/** What can be asked. */
type Asked = Pick<TestHandler, "ask">;

/** What an answer must be; what is left out may be anything. */
export interface Expected {
  readonly status: number;
  /** Headers by name; undefined for one that must not be there. */
  readonly headers?: Readonly<Record<string, string | RegExp | undefined>>;
  /** The codes of its errors, which then have the shape that the specification gives them. */
  readonly codes?: string[];
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
}

/** A request, as `GET /v2/`, what must come back, and what the request carries. */
export type Exchange = readonly [line: string, expected: Expected, carried?: Carried];

/** One row of the table. */
export const row = (number: number, rule: string, body: () => Promise<void>): void =>
  test(`§6 row ${number}: ${rule}`, body);

/** A row that is a client's affair: our own client has a test of this title for it. */
export const clientRow = (number: number, rule: string, file: string, title: string): void =>
  row(number, rule, async () => {
    expect(await Bun.file(new URL(`../../${file}`, import.meta.url)).text()).toContain(`"${title}"`);
  });

/** Ask and see. Gives the answer, whose body is read unless nothing was expected of it. */
export async function expectAnswer(
  { ask }: Asked,
  ...[line, { status, headers = {}, codes, json, bytes }, carried]: Exchange
): Promise<Response> {
  const response = await ask(line, carried);
  expect([line, response.status]).toEqual([line, status]);
  for (const [name, value] of Object.entries(headers)) {
    const found = response.headers.get(name);
    if (value instanceof RegExp) expect(found ?? "").toMatch(value);
    else expect([line, name, found]).toEqual([line, name, value ?? null]);
  }
  if (codes !== undefined) expect([line, await errorCodes(response)]).toEqual([line, codes]);
  if (json !== undefined) expect(await response.json()).toEqual(json);
  if (bytes !== undefined) expect<Uint8Array>(await response.bytes()).toEqual(bytes);
  return response;
}

/** A registry over files and SQLite, asked through a socket. */
export async function onTheWire(
  use: (served: Asked & { readonly url: string }) => Promise<void>,
): Promise<void> {
  const { url, dispose } = await testServer();
  const ask = async (line: string, carried: Carried = {}) => {
    const [method = "", path = ""] = line.split(" ", 2);
    return fetch(url + path, { method, ...carried } as RequestInit);
  };
  try {
    await use({ url, ask });
  } finally {
    await dispose();
  }
}

/** Ask one after the other. */
export async function expectAnswers(handler: Asked, ...exchanges: Exchange[]) {
  for (const exchange of exchanges) await expectAnswer(handler, ...exchange);
}
