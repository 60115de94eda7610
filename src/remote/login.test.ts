import { afterEach, describe, expect, test } from "bun:test";
import { Transport } from "../http/transport.ts";
import type { ChartroomError } from "../oci/errors.ts";
import { blobOf } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { refuse, type Spoil, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { checkLogin } from "./login.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
const registry = (spoil?: Spoil) => {
  const made = testRegistry(spoil);
  closing.push(made.stop);
  return made;
};
/** It lets in `me` with the password `p:ä`, and sends back what it was sent. */
const guarded: Spoil = (request) => {
  const authorization = request.headers.get("authorization");
  if (authorization === `Basic ${Buffer.from("me:p:ä").toString("base64")}`) return undefined;
  return refuse(401, "UNAUTHORIZED", `not with ${authorization} or p:wrong`, {
    "www-authenticate": 'Basic realm="r"',
  });
};
const check = (spoil: Spoil | undefined, password: string) =>
  checkLogin(
    registry(spoil).host,
    { username: "me", password },
    { transport: new Transport({ userAgent: "test" }) },
  );
const errorOf = (work: Promise<unknown>): Promise<ChartroomError> =>
  work.then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error,
  );

describe("a login", () => {
  test("with the right password succeeds", async () => {
    expect(await codeOf(check(guarded, "p:ä"))).toBe("none");
  });

  test("with a wrong one is not allowed, and the password is never shown", async () => {
    const error = await errorOf(check(guarded, "p:wrong"));
    expect(error.code).toBe("not_allowed");
    expect(error.hint).toContain("chartroom registry login localhost:");
    expect(error.message).toContain("me");
    expect(error.message).toContain("HTTP 401 UNAUTHORIZED");
    expect(error.message + error.hint).not.toContain("p:wrong");
    expect(error.message).not.toContain(btoa("me:p:wrong"));
  });

  test("to a registry that nobody need log in to succeeds, and sends nothing", async () => {
    const seen: (string | null)[] = [];
    const open: Spoil = (request) => {
      seen.push(request.headers.get("authorization"));
      return undefined;
    };
    expect(await codeOf(check(open, "any"))).toBe("none");
    expect(seen).toEqual([null]);
  });

  test("to what is no registry fails", async () => {
    const html = (status: number) => () =>
      new Response("<html>", { status, headers: { "content-type": "text/html" } });
    expect(await codeOf(check(html(200), "any"))).toBe("remote");
    expect(await codeOf(check(html(404), "any"))).toBe("remote");
  });

  test.each([403, 404])(
    "that only the token server has a word for is kept, with HTTP %d from /v2/",
    async (status) => {
      const transport = new Transport({ userAgent: "test" });
      const rules: Spoil = (request, url) => {
        if (url.pathname === "/token") return Response.json({ token: "t" });
        if (request.headers.has("authorization")) return refuse(status, "DENIED");
        const realm = `${url.origin}/token`;
        return refuse(401, "UNAUTHORIZED", "", { "www-authenticate": `Bearer realm="${realm}"` });
      };
      expect(await checkLogin(registry(rules).host, { username: "me", password: "p" }, { transport })).toBe(
        false,
      );
      expect(await codeOf(check(() => refuse(status, "DENIED"), "p"))).not.toBe("none");
    },
  );

  test("with a wrong password fails also where the token server gives nobody a token", async () => {
    const rules: Spoil = (request, url) => {
      const authorization = request.headers.get("authorization");
      if (url.pathname === "/token")
        return authorization === null ? Response.json({ token: "t" }) : refuse(401, "UNAUTHORIZED");
      if (authorization !== null) return undefined;
      const realm = `${url.origin}/token`;
      return refuse(401, "UNAUTHORIZED", "", { "www-authenticate": `Bearer realm="${realm}"` });
    };
    expect(await codeOf(check(rules, "p:wrong"))).toBe("not_allowed");
  });

  test("that is asked for in a way we do not know is not allowed", async () => {
    const asks = () => refuse(401, "UNAUTHORIZED", "", { "www-authenticate": "Negotiate" });
    expect(await codeOf(check(asks, "any"))).toBe("not_allowed");
  });
});

describe("a repository", () => {
  const { descriptor } = blobOf("x");

  test("is sent the login once it asks for it, and then always", async () => {
    const made = registry(guarded);
    let asked = 0;
    const credentials = async () => {
      asked++;
      return { username: "me", password: "p:ä", source: "a test" };
    };
    const remote = remoteOf(made, { credentials });
    await Promise.all([remote.has(descriptor), remote.has(descriptor)]);
    await remote.has(descriptor);
    expect(asked).toBe(1);
    expect(made.requests).toHaveLength(5);
  });

  test("says from where the login was that was refused, or that there was none", async () => {
    const made = registry(guarded);
    const credentials = async () => ({ username: "me", password: "p:wrong", source: "config.json" });
    const refused = await errorOf(remoteOf(made, { credentials }).manifest("1.0.0" as never));
    expect(refused.code).toBe("not_allowed");
    expect(refused.message).toContain("me (from config.json)");
    expect(refused.message).not.toContain("p:wrong");
    const nobody = await errorOf(remoteOf(made).manifest("1.0.0" as never));
    expect(nobody.code).toBe("not_allowed");
    expect(nobody.message).toContain("asks for a login");
  });

  test("shows of a server's words one line of harmless text", async () => {
    const loud = `\u001b[31m\r\n${"x".repeat(5000)}`;
    const error = await errorOf(
      remoteOf(registry(() => refuse(403, "DENIED", loud)))
        .has(descriptor)
        .then(() => 0),
    );
    const read = await errorOf(remoteOf(registry(() => refuse(403, "DENIED", loud))).manifest("1" as never));
    for (const { message } of [error, read]) {
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(message.length).toBeLessThan(500);
    }
  });
});
