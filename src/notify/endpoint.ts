/** Somebody who is told of events by POST. Times in ms. */
export interface Endpoint {
  /** By which it is known in the log, in metrics, and from one start to the next. */
  readonly name: string;
  /** Without user and password: those are in a header. */
  readonly url: URL;
  /** Names in lower case. Each may be a secret: they are in no log. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long an answer may take. */
  readonly timeout: number;
  /** After so many failures in a row it is given time. */
  readonly threshold: number;
  /** How much. */
  readonly backoff: number;
  /** What it is not told of: an event of one of these types, or with one of these actions. */
  readonly ignored: { readonly mediaTypes: readonly string[]; readonly actions: readonly string[] };
}

/** Whether an endpoint is to be told of such an event. What is deleted has no media type. */
export const wants = ({ ignored }: Endpoint, action: string, mediaType: string | undefined): boolean =>
  !ignored.actions.includes(action) && !(mediaType !== undefined && ignored.mediaTypes.includes(mediaType));
