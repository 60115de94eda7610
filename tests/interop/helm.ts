import type { Bench, Registry, User } from "./support.ts";

/** The two Helms that speak OCI and are still made. */
export type Helm = "helm3" | "helm4";
export const helms: readonly Helm[] = ["helm3", "helm4"];

/** A user whose password is no plain word. */
export const user: User = { name: "myuser", password: "pa:ss wörd" };

/**
 * Run a push or a pull of Helm's that must succeed.
 * @returns the manifest digest that it says, on standard output or standard error, by its version
 */
export async function helmDigest(bench: Bench, helm: Helm, args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await bench.run(helm, [...args, "--plain-http"]);
  const said = stdout + stderr;
  const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(said)?.[1];
  if (exitCode === 0 && digest !== undefined) return digest;
  throw new Error(`${helm} ${args.join(" ")} ended with ${exitCode}:\n${said}`);
}

/** Log `user` in to a registry, the password on standard input. */
export async function logIn(
  bench: Bench,
  program: Helm | "chartroom",
  { host }: Registry,
  env: Record<string, string> = {},
): Promise<void> {
  const plainHttp = program === "chartroom" ? [] : ["--plain-http"];
  const args = ["registry", "login", host, "-u", user.name, "--password-stdin", ...plainHttp];
  await bench.done(program, args, { stdin: user.password, env });
}
