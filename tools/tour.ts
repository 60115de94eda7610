// The founding page, played: every command against a registry of its own, first open to everyone, then behind a login.
// Prints each command with its true output, and fails where one differs from the page.
import { type Bench, withBench } from "../tests/bench.ts";
import { playSession } from "../tests/page/session.ts";

const user = { name: "myuser", password: "mypass" };
let passed = 0;
let failed = 0;

const show = (args: readonly string[], output: string) =>
  console.log(`$ chartroom ${args.join(" ")}\n${output}`);

/** @param prepare gives the variables that the registry is started with */
async function tour(
  title: string,
  prepare: (bench: Bench) => Promise<Record<string, string>>,
): Promise<void> {
  console.log(`\n# ${title}\n`);
  await withBench(async (bench) => {
    const { host } = await bench.chartroom([], await prepare(bench));
    for await (const { step, right, stdout, stderr, exitCode } of playSession(bench, host, user.password)) {
      show(step.args, stdout);
      if (right) passed++;
      else {
        failed++;
        console.log(
          `That is not what the page says. Exit code ${exitCode}, expected 0, and:\n${step.golden}${stderr}`,
        );
      }
    }
  });
}

/** Make the page's file of users, and give the page's variable that names it. */
async function addUser(bench: Bench): Promise<Record<string, string>> {
  const path = bench.path("auth.htpasswd");
  const args = ["registry", "user", "add", user.name, "--password-stdin", "--htpasswd", path];
  show(args, await bench.done("chartroom", args, { stdin: user.password }));
  return { REGISTRY_AUTH: `{htpasswd: {realm: localhost, path: ${path}}}` };
}

await tour("A registry that everyone may use", async () => ({}));
await tour("A registry with users", addUser);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
