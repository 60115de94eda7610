/** A whole word, and what a shell may show beside it. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What a shell can do about the word that is being typed. */
export interface Offer {
  readonly candidates: readonly Candidate[];
  readonly directive: number;
}

/**
 * What a shell does beside showing the candidates: the bits that cobra's programs, Helm among them, end their answer with,
 * so that `plugin.complete` can hand ours on as it is.
 */
export const directives = {
  /** Files are offered where there are no candidates. */
  files: 0,
  /** No blank after a candidate: the word goes on. */
  goesOn: 2,
  noFiles: 4,
  directories: 16,
} as const;

/** These candidates and no files. */
export const offerOf = (candidates: readonly Candidate[]): Offer => ({
  candidates,
  directive: directives.noFiles,
});

/** Nothing to offer. */
export const none: Offer = offerOf([]);
