import { Answer } from "./answer.ts";
import { emptyStream, observed } from "./body.ts";
import { explainFailure } from "./errors.ts";
import { fetchOnce, proxyVariable, type TlsOptions } from "./fetch.ts";
import { type Trace, traceMessage } from "./trace.ts";
import { Pace, type Timeouts, Watchdog } from "./watchdog.ts";

/** A body too large to hold: its size in bytes, and a way to get the bytes, which is called again for each try. */
export interface StreamBody {
  readonly size: number;
  open(): Promise<ReadableStream<Uint8Array>>;
}

/** What one request and its answer are made with. */
export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | StreamBody | undefined;
  readonly tls: TlsOptions | undefined;
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal | undefined;
  readonly trace: Trace | undefined;
}

/**
 * Send one request and wait for its answer's headers, with a watchdog over all of it, the answer's body included.
 * @throws HttpError when no answer comes; the signal's reason when it was stopped; what the request's own body fails with
 */
export async function exchange({ method, url, headers, body, ...options }: Exchange): Promise<Answer> {
  const { tls, timeouts, signal, trace } = options;
  const dog = new Watchdog(url.host, signal);
  let answered = false;
  let bodyFault: { error: unknown } | undefined;
  // The request's own body failed: the disk it is read from, not the network.
  const keepFault = (error: unknown): unknown => {
    bodyFault = { error };
    return error;
  };
  const explain = (cause: unknown): unknown => {
    if (signal?.aborted) return signal.reason;
    if (bodyFault !== undefined) return bodyFault.error;
    const shown = tls?.cert !== undefined;
    const error = explainFailure(cause, url, { answered, proxy: proxyVariable(url), shown });
    trace?.(`! ${error.message}`);
    return error;
  };
  const upload = async ({ size, open }: StreamBody): Promise<ReadableStream<Uint8Array>> => {
    headers.set("content-length", String(size));
    // A server may answer before it has all of a body: then the answer's own times count.
    const expect = (what: string, ms: number) => answered || dog.expect(what, ms);
    return observed(await open().catch((error) => Promise.reject(keepFault(error))), {
      asked: () => answered || dog.rest(),
      came: () => expect("progress", timeouts.stall),
      over: () => expect("answer", timeouts.settle),
      failed: keepFault,
    });
  };

  try {
    const sent = body === undefined || body instanceof Uint8Array ? body : await upload(body);
    if (trace !== undefined) traceMessage(trace, ">", `${method} ${url.href}`, headers);
    dog.expect("answer", timeouts.answer);
    const response = await fetchOnce(url, { method, headers, body: sent, signal: dog.signal }, tls);
    answered = true;
    dog.rest();
    if (trace !== undefined) traceMessage(trace, "<", `${response.status}`, response.headers);
    if (response.body === null) {
      dog.done();
      return new Answer(response.status, response.headers, url, emptyStream());
    }
    const pace = new Pace(timeouts.stall);
    const received = observed(response.body, {
      asked: () => dog.expect("progress", pace.asked(), timeouts.stall),
      came: (bytes) => {
        pace.came(bytes);
        dog.rest();
      },
      over: () => dog.done(),
      failed: explain,
    });
    return new Answer(response.status, response.headers, url, received);
  } catch (cause) {
    dog.done();
    throw explain(cause);
  }
}
