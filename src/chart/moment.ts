const written = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * A moment as indexes have it (RFC 3339, with any fraction and zone), in ms since 1970 to the second. Undefined for what is
 * none, and for what lies before 1970: Go writes a time that was never set as the year 1.
 */
export function momentOf(text: string): number | undefined {
  const [, day, time, zone] = written.exec(text.trim()) ?? [];
  const moment = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone?.toUpperCase()}`);
  return moment >= 0 ? moment : undefined;
}

/** When a chart came, for its manifest: RFC 3339 in UTC, to the second as Helm writes it. */
export function createdOf(text: string): string | undefined {
  const moment = momentOf(text);
  return moment === undefined ? undefined : `${new Date(moment).toISOString().slice(0, 19)}Z`;
}
