import type { Tag } from "../../oci/reference.ts";
import type { Executors } from "../command.ts";
import { type EventRows, eventLimit } from "../telling.ts";
import { packDigest } from "./packed.ts";
import type { Sql } from "./sql.ts";

/** Events in SQLite. */
export const eventRows: EventRows<Sql> = {
  tagsOf: (sql, repository, digest) =>
    sql
      .all<{ name: Tag }>(
        `SELECT tag.name FROM repository
          JOIN content ON content.digest = ?
          JOIN tag ON tag.repository = repository.id AND tag.manifest = content.id
          WHERE repository.name = ? ORDER BY tag.name`,
        packDigest(digest),
        repository,
      )
      .map(({ name }) => name),

  append: (sql, events) => {
    let last = 0;
    for (const body of events) last = sql.insert("INSERT INTO event (body) VALUES (?)", body);
    sql.run("DELETE FROM event WHERE number <= ?", last - eventLimit);
  },
};

/** The commands about events and who is told of them. */
export const eventExecutors: Pick<Executors<Sql>, "tell-events" | "open-endpoints" | "advance-endpoint"> = {
  "tell-events": (sql, { events }) => {
    eventRows.append(sql, events);
    return { done: true };
  },

  "open-endpoints": (sql, { names }) => {
    const known = sql.all<{ name: string }>("SELECT name FROM endpoint WHERE name > ''");
    for (const { name } of known)
      if (!names.includes(name)) sql.run("DELETE FROM endpoint WHERE name = ?", name);
    for (const name of names)
      sql.run(
        "INSERT INTO endpoint (name, had) SELECT ?, ifnull(max(number), 0) FROM event WHERE true ON CONFLICT DO NOTHING",
        name,
      );
    forgetHad(sql);
    const had = names.map(
      (name) => sql.one<{ had: number }>("SELECT had FROM endpoint WHERE name = ?", name)!.had,
    );
    return { done: true, had };
  },

  "advance-endpoint": (sql, { name, event }) => {
    if (sql.run("UPDATE endpoint SET had = max(had, ?) WHERE name = ?", event, name) === 0)
      return { done: false, why: "absent" };
    forgetHad(sql);
    return { done: true };
  },
};

/** Forget what all endpoints have had, but the newest event: its number must never be another's. */
function forgetHad(sql: Sql): void {
  sql.run(
    `DELETE FROM event WHERE number < (SELECT max(number) FROM event)
      AND number <= ifnull((SELECT min(had) FROM endpoint), 9223372036854775807)`,
  );
}
