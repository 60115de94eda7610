/** Who may enter: names and passwords, wherever they are kept. */
export interface Authenticator {
  /** What a login dialog calls this place. */
  readonly realm: string;
  /**
   * Whether the password is the user's. An unknown user takes as long as a known one.
   * @param from the address that says so
   * @throws TooMany when too many were wrong from there; ChartroomError `busy` when too many wait to be looked at
   */
  authenticate(user: string, password: string, from?: string): Promise<boolean>;
}

/** An authenticator that knows from where its callers come. */
export const authenticatorFor = (authenticator: Authenticator, from: string | undefined): Authenticator => ({
  realm: authenticator.realm,
  authenticate: (user, password) => authenticator.authenticate(user, password, from),
});

/** What a caller shows of itself. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Let in, as whom; or not. `user` is undefined where nobody need log in. */
export type Admission =
  | { readonly admitted: true; readonly user: string | undefined }
  | { readonly admitted: false };

/**
 * The one rule there is: without an authenticator everyone may do everything; with one, whoever logs in may. Credentials
 * that nobody asked for are not looked at, as `registry login` to an open registry expects.
 */
export async function admit(
  authenticator: Authenticator | undefined,
  credentials: Credentials | undefined,
): Promise<Admission> {
  if (authenticator === undefined) return { admitted: true, user: undefined };
  if (credentials === undefined) return { admitted: false };
  const { user, password } = credentials;
  return (await authenticator.authenticate(user, password)) ? { admitted: true, user } : { admitted: false };
}
