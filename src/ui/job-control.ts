/** How a process is stopped at a terminal and goes on (POSIX job control). Absent where there is none. */
export interface JobControl {
  /** Does what Ctrl-Z does, for whoever reads it as a key. Returns when the process goes on, or can't be stopped. */
  readonly stop: () => void;
  /** Has a listener called whenever the process goes on. Returns what ends that. */
  readonly onContinue: (listener: () => void) => () => void;
}

/** Where keys are read one by one. */
interface KeyReader {
  readonly input: NodeJS.ReadStream;
  readonly jobControl?: JobControl | undefined;
}

/** Ctrl-Z, while keys are read one by one: a shell finds its terminal as it left it. */
export function stopAtTerminal({ input, jobControl }: KeyReader): void {
  if (!jobControl) return;
  input.setRawMode(false);
  jobControl.stop();
  input.setRawMode(true);
}

/** Reads keys one by one again: whoever was stopped by somebody else finds the terminal as the shell left it. */
export function regainKeys({ input }: KeyReader): void {
  // Node takes the mode for set otherwise.
  input.setRawMode(false);
  input.setRawMode(true);
}
