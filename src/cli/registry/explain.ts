import { type Login, type LoginTarget, nameOf } from "../../remote/credentials/credential.ts";
import { keyOf } from "../../remote/credentials/keys.ts";
import { type Finding, searchLogins } from "../../remote/credentials/search.ts";
import { loginsOf } from "../connection.ts";
import type { Context, GlobalOptions } from "../context.ts";
import { print } from "../output.ts";
import { tableOf } from "../words.ts";

/**
 * `registry login --explain HOST[/PATH]`: which login would be used, from where, and what was passed by on the way to it.
 * Nothing is sent to the registry, and no secret is shown.
 */
export async function explainLogin(
  target: LoginTarget,
  options: GlobalOptions,
  context: Context,
): Promise<void> {
  const findings = await Array.fromAsync(searchLogins(loginsOf(options, context), target));
  const used = findings.find(({ login }) => login !== undefined);
  const asked = target.path === undefined ? target.registry : `${target.registry}/${target.path}`;
  const who = used?.login === undefined ? undefined : { name: nameOf(used.login), kind: kindOf(used) };
  const heading =
    who === undefined
      ? `${asked}: no login; requests go as nobody\n`
      : `${asked}: ${who.name}, with ${who.kind === "password" ? "a password" : `an ${who.kind}`}\n`;
  const rows = findings.map((finding) => [finding.file.owner, finding.file.path, wordsOf(finding, target)]);
  print(context, options, {
    text: heading + tableOf([["OWNER", "FILE", "FOUND"], ...rows]),
    json: {
      registry: target.registry,
      path: target.path ?? null,
      login: used?.login === undefined ? null : { username: usernameOf(used.login), kind: kindOf(used) },
      looked: findings.map(({ file, outcome, key, helper, fault }) => ({
        owner: file.owner,
        file: file.path,
        outcome,
        key: key ?? null,
        helper: helper === undefined ? null : `docker-credential-${helper}`,
        fault: fault ?? null,
      })),
    },
    quiet: who?.name,
  });
}

const usernameOf = (login: Login): string | null => ("username" in login && login.username) || null;

function kindOf({ login }: Finding): "password" | "identity token" | "access token" {
  if (login === undefined || "password" in login) return "password";
  return "identityToken" in login ? "identity token" : "access token";
}

/** What came of one place, and why. */
function wordsOf({ outcome, key, helper, fault }: Finding, target: LoginTarget): string {
  if (outcome === "absent") return "no such file";
  if (outcome === "broken") return `passed by: ${fault}`;
  if (outcome === "nothing" && key === undefined) return "nothing for this registry";
  const place = helper === undefined ? `key "${key}"` : `docker-credential-${helper}, asked for "${key}"`;
  if (outcome === "nothing") return `${place}: it has no login`;
  if (outcome === "passed by") return `${place}: passed by, a login was found before`;
  return `used: ${place}${target.path !== undefined && key === keyOf({ registry: target.registry }) ? ", for all of the registry" : ""}`;
}
