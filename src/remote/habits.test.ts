import { afterEach, expect, test } from "bun:test";
import { Transport } from "../http/transport.ts";
import { parseTag } from "../oci/reference.ts";
import { blobOf, imageOf, pushArtifact } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { clouds } from "../testing/habits/clouds.ts";
import type { Habit } from "../testing/habits/habit.ts";
import { hosted } from "../testing/habits/hosted.ts";
import { houses } from "../testing/habits/houses.ts";
import { remoteOf } from "../testing/remote.ts";
import { scriptedRegistry } from "../testing/script.ts";
import { tokenRegistry } from "../testing/tokens.ts";
import { checkLogin } from "./login.ts";
import type { RemoteRepository } from "./repository.ts";

const habits: readonly Habit[] = [...hosted, ...clouds, ...houses];

const image = imageOf([blobOf("chart")]);
const tag = parseTag("1.0.0");
const other = parseTag("2.0.0");

/** What is done with a registry that holds `image` under 1.0.0. */
const works: Record<Exclude<Habit["does"], "login">, (remote: RemoteRepository) => Promise<string>> = {
  read: (remote) => remote.manifest(tag).then((found) => (found ? "done" : "nothing there")),
  "read of what is not there": (remote) =>
    remote.manifest(other).then((found) => (found ? "done" : "nothing there")),
  push: (remote) =>
    remote
      .resolve(other)
      .then(() => pushArtifact(remote, image, { tags: [other], expect: "absent" }))
      .then(() => "done"),
  list: (remote) => Array.fromAsync(remote.tags()).then((tags) => tags.join(" ")),
  untag: (remote) => remote.untag(tag).then((there) => (there ? "done" : "nothing there")),
  delete: (remote) =>
    remote.delete(image.descriptor.digest).then((there) => (there ? "done" : "nothing there")),
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

test.each(habits.map((habit) => [habit.registry, habit.habit, habit.source, habit] as const))(
  "%s %s (%s)",
  async (_registry, _habit, _source, { does, login, script, told }) => {
    const made = scriptedRegistry(script);
    closing.push(made.stop);
    await pushArtifact(made.repository, image, { tags: [tag], expect: "any" });
    const work = async () => {
      if (does === "login")
        return checkLogin(made.host, login!, { transport: new Transport({ userAgent: "test" }) }).then(
          () => "done",
        );
      const credentials = login && (async () => ({ ...login, source: "a test" }));
      const access = does === "push" ? "push" : "pull";
      return works[does](remoteOf(made, { access, ...(credentials && { credentials }) }));
    };
    const outcome = await work().catch((error) => [error.code, `${error.message}\n${error.hint}`] as const);
    if (typeof told === "string") expect(outcome).toBe(told);
    else expect(outcome).toEqual([told[0], expect.stringContaining(told[1])]);
    expect(String(outcome)).not.toMatch(/secret|minted|refresh|ya29/);
  },
);

test("Quay is asked for a token to push from the first request on, or it would not even say what is there", async () => {
  const push = "repository:my/repo:pull,push";
  const made = tokenRegistry({
    answer: ({ scopes }) => Response.json({ token: scopes.includes(push) ? push : "none" }),
  });
  closing.push(made.stop);
  expect(await works.push(remoteOf(made, { access: "push" }))).toBe("done");
  expect(made.asked.map(({ scopes }) => scopes)).toEqual([[push]]);
  expect(await codeOf(works.push(remoteOf(made)))).toBe("not_allowed");
});
