import type { RepositoryName } from "../../oci/reference.ts";
import type { Executors } from "../command.ts";
import type { MendingCommand } from "../mending.ts";
import { find, findRepository, has, type Id } from "./ids.ts";
import { heldBy, settle } from "./loose.ts";
import { storeNamed } from "./named.ts";
import type { Sql } from "./sql.ts";
import { forsake } from "./unnamed.ts";

/** The commands of a repair over SQLite. */
export const menders: Pick<Executors<Sql>, MendingCommand["kind"]> = {
  "lose-blob": (sql, { digest }) => {
    const content = find(sql, digest);
    const holders = sql.all<{ id: Id; name: RepositoryName }>(
      "SELECT id, name FROM blob JOIN repository ON repository.id = blob.repository WHERE content = ?",
      content,
    );
    holders.sort((a, b) => (a.name < b.name ? -1 : 1));
    if (holders.length === 0) return { done: false, why: "absent" };
    for (const { id } of holders) forsake(sql, id, content);
    sql.run("UPDATE unheld SET doomed = 1 WHERE content = ?", content);
    return { done: true, repositories: holders.map(({ name }) => name) };
  },

  "restate-manifest": (sql, command) => {
    const repository = findRepository(sql, command.repository);
    const manifest = find(sql, command.descriptor.digest);
    if (!has(sql, "manifest", repository, manifest)) return { done: false, why: "absent" };
    const before = heldBy(sql, repository, manifest);
    storeNamed(sql, repository, manifest, command, true);
    settle(sql, repository, [manifest, ...before, ...heldBy(sql, repository, manifest)], command.at);
    return { done: true };
  },
};
