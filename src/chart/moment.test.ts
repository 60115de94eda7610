import { expect, test } from "bun:test";
import { createdOf, momentOf } from "./moment.ts";

test.each([
  ["2026-07-31T09:12:31.05843566Z", "2026-07-31T09:12:31Z"], // as Helm writes it
  ["2026-06-15T15:50:31.199963+02:00", "2026-06-15T13:50:31Z"],
  ["2020-01-01T00:00:00-05:30", "2020-01-01T05:30:00Z"],
  ["2016-10-06 16:23:20Z", "2016-10-06T16:23:20Z"],
])("%s is %s in UTC, to the second", (text, created) => expect(createdOf(text)).toBe(created));

test.each(["", "0001-01-01T00:00:00Z", "yesterday", "2026-13-01T00:00:00Z", "2026-07-31", "1"])(
  "%p is no moment",
  (text) => expect(momentOf(text)).toBeUndefined(),
);
