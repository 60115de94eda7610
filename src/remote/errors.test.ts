import { expect, test } from "bun:test";
import { Answer } from "../http/answer.ts";
import { answerError } from "./errors.ts";

/** The error for a refusal with these words, for somebody whose password is `secret`. */
async function told(message: string, secret: string): Promise<string> {
  const body = JSON.stringify({ errors: [{ code: "DENIED", message }] });
  const answer = new Answer(403, new Headers(), new URL("https://h/v2/"), new Blob([body]).stream());
  return (await answerError(answer, { doing: "push it", registry: "h", secrets: [secret] })).message;
}

test("a registry's words are shown in one line, without control characters", async () => {
  expect(await told("you\r\nmay \x1b[31mnot", "hunter2")).toContain('DENIED, "you may [31mnot")');
});

test("words that repeat a secret are not shown at all: of a short one the gap would tell", async () => {
  expect(await told("hunter2 is no password", "hunter2")).toContain('DENIED, "REDACTED")');
  expect(await told("authentication required", "q")).toContain('DENIED, "REDACTED")');
});
