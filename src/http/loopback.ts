/** 127.0.0.0/8 and ::1 as the URL standard writes them, and 127.0.0.0/8 in IPv6. */
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/;

/**
 * Whether a URL's hostname means this machine: `localhost`, 127.0.0.0/8 or `[::1]`. Nothing is looked up: another name
 * that happens to lead here does not count. Not by `node:net`, which brings streams along: 2 ms of every start.
 */
export function isLoopback(hostname: string): boolean {
  const host = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  const url = URL.parse(`http://${host}`);
  return url !== null && loopback.test(url.hostname);
}
