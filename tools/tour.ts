// The founding page, played: every command against a registry of its own, first open to everyone, then behind a login.
// Prints each command with its true output, and fails where one differs from the page.
import { withBench } from "../tests/bench.ts";
import { playSession } from "../tests/page/session.ts";

const user = { name: "myuser", password: "mypass" };
let passed = 0;
let failed = 0;

async function tour(title: string, users: readonly (typeof user)[]): Promise<void> {
  console.log(`\n# ${title}\n`);
  await withBench(async (bench) => {
    const { host } = await bench.chartroom(users);
    for await (const { step, right, stdout, stderr, exitCode } of playSession(bench, host, user.password)) {
      console.log(`$ chartroom ${step.args.join(" ")}\n${stdout}`);
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

await tour("A registry that everyone may use", []);
await tour("A registry with users", [user]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
