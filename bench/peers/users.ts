import type { Bench } from "../../tests/bench.ts";

const user = { name: "bench", password: "a password" };

/** The Authorization header of the one user. */
export const authorization = `Basic ${btoa(`${user.name}:${user.password}`)}`;

/** A file with that user, as `htpasswd -B -C COST` writes it. */
export async function usersFile(bench: Bench, cost: number): Promise<string> {
  const hash = await Bun.password.hash(user.password, { algorithm: "bcrypt", cost });
  const path = bench.path(`htpasswd-${cost}`);
  await Bun.write(path, `${user.name}:${hash.replace(/^\$2b\$/, "$2y$")}\n`, { mode: 0o600 });
  return path;
}
