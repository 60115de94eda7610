/** One part of a path, safe to be a file's name on Linux, macOS and Windows. */
export type Segment = string & { readonly __segment: unique symbol };
/** A file's path inside its chart: relative, `/` between safe parts, in Unicode as the archive has it. */
export type ChartPath = string & { readonly __chartPath: unique symbol };

// learn.microsoft.com, "Naming Files, Paths, and Namespaces": reserved with any extension, and in any case.
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?$/i;

/**
 * Why `text` cannot be a file's name everywhere, as the end of a sentence that begins with it; undefined when it can.
 * Windows' rules hold everywhere: a chart that one machine takes and another cannot unpack is a trap.
 */
export function unsafeSegment(text: string): string | undefined {
  if (text === "") return "has an empty part";
  if (text === "." || text === "..") return `has the part "${text}"`;
  if (/\p{Cc}/u.test(text)) return "has a control character";
  if (/[<>:"|?*\\/]/.test(text)) return "has a character that Windows refuses";
  if (/[. ]$/.test(text)) return "has a part that ends with a dot or a blank, which Windows drops";
  if (device.test(text)) return "is the name of a device on Windows";
  if (Buffer.byteLength(text) > 255) return "has a part longer than 255 bytes";
  return undefined;
}
