import type { LogFormat, LogLevel } from "../../server/logLine.ts";
import type { ConfigReader } from "./config/reader.ts";

/** What is logged, and how. */
export interface LogSettings {
  readonly level: LogLevel;
  /** Undefined: text on a terminal, JSON elsewhere. */
  readonly format: Exclude<LogFormat, "combined"> | undefined;
  /** How requests are logged: as everything else, in Apache's combined form, or not at all. */
  readonly requests: "as-all" | "combined" | "off";
  /** Told with each line. */
  readonly fields: Readonly<Record<string, string>>;
}

const levels = ["error", "warn", "info", "debug"] as const;

/** The block `log`, and its older form. @throws ChartroomError `usage` */
export function logSettings(config: ConfigReader): LogSettings {
  const older = config.word("loglevel", levels);
  const off = config.flag("log.accesslog.disabled");
  return {
    level: config.word("log.level", levels) ?? older ?? "info",
    format: config.word("log.formatter", ["text", "json", "logstash"]),
    requests: off
      ? "off"
      : config.word("log.accesslog.format", ["combined"]) === undefined
        ? "as-all"
        : "combined",
    fields: Object.fromEntries(config.entries("log.fields").map(([name, texts]) => [name, texts.join(",")])),
  };
}
