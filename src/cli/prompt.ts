import { ChartroomError } from "../oci/errors.ts";
import type { Context, GlobalOptions } from "./context.ts";

/** What is asked of the user. */
export interface Question {
  /** As it stands before the answer: `Password: `; may depend on the answer before. */
  readonly label: string | ((before?: string) => string);
  /** What is asked for, as it follows "Cannot ask for"; unsaid, the label says it. */
  readonly about?: string;
  /** Whether the answer must not be shown. */
  readonly secret: boolean;
}

/** ECMA-48 §5.4: what arrow and function keys send; or a lone Escape. */
const escapeSequence = new RegExp(`${"\x1b"}(?:\\[[0-?]*[ -/]*[@-~]|O.)?`, "g");

/**
 * Ask questions on the terminal, one line each, on standard error. Backspace takes a letter back, Ctrl-U all of them;
 * Ctrl-D after some text ends the line. What is typed ahead of a question counts for it.
 * @param instead which flags to use where nobody can be asked, for the hint
 * @returns the answers, in order
 * @throws ChartroomError `usage` when standard input or error is no terminal, with `-o json`, or when the input ends;
 *   `interrupted` on Ctrl-C and when the context's signal is aborted
 */
export function ask(
  questions: readonly Question[],
  instead: string,
  { output, input }: GlobalOptions,
  context: Context,
): Promise<string[]> {
  const { stdin, stderr } = context.terminal;
  const obstacle = [
    { there: !stdin || !stderr, says: "this is no terminal" },
    { there: output === "json", says: "-o json asks nothing" },
    { there: input === false, says: "--no-input asks nothing" },
  ].find(({ there }) => there)?.says;
  const asked = questions
    .map((question) => question.about ?? labelOf(question).replace(/: $/, "").toLowerCase())
    .join(" and ");
  if (obstacle !== undefined)
    return Promise.reject(
      new ChartroomError("usage", `Cannot ask for ${asked}: ${obstacle}`, { hint: instead }),
    );

  return new Promise((resolve, reject) => {
    const answers: string[] = [];
    let letters: string[] = [];

    const end = (settle: () => void) => {
      context.signal.removeEventListener("abort", interrupt);
      close();
      settle();
    };
    const fail = (error: ChartroomError) => {
      context.tell("\n");
      end(() => reject(error));
    };
    const interrupt = () => fail(new ChartroomError("interrupted", "interrupted"));
    const stop = () => fail(new ChartroomError("usage", "No answer: the input ended", { hint: instead }));

    const erase = (count: number) => {
      const gone = letters.splice(Math.max(0, letters.length - count));
      if (!questions[answers.length]?.secret) context.tell("\b \b".repeat(gone.length));
    };
    const next = () => {
      answers.push(letters.join(""));
      letters = [];
      context.tell("\n");
      const question = questions[answers.length];
      if (question === undefined) end(() => resolve(answers));
      else context.tell(labelOf(question, answers.at(-1)));
    };
    const press = (key: string) => {
      if (key === "\x03") interrupt();
      else if (key === "\x04" && letters.length === 0) stop();
      else if (key === "\r" || key === "\n" || key === "\x04") next();
      else if (key === "\x7f" || key === "\b") erase(1);
      else if (key === "\x15") erase(letters.length);
      else if (key >= " ") {
        letters.push(key);
        if (!questions[answers.length]?.secret) context.tell(key);
      }
    };

    let open = true;
    const typed = (text: string) => {
      for (const key of text.replace(escapeSequence, "")) if (open) press(key);
    };
    const unlisten = context.listenToKeys({ typed, ended: stop });
    const close = () => {
      open = false;
      unlisten();
    };
    context.signal.addEventListener("abort", interrupt, { once: true });
    context.tell(questions[0] === undefined ? "" : labelOf(questions[0]));
  });
}

const labelOf = ({ label }: Question, before?: string): string =>
  typeof label === "string" ? label : label(before);
