/** 128 + SIGPIPE, as a shell says of a tool whose reader has gone. */
const BROKEN_PIPE = 141;

interface Output {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** `temper predict ... | head`: a reader that has seen enough ends the command, without a word. Other errors are thrown. */
export function endWithReader(stdout: Output, exit: (code: number) => void): void {
  stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    exit(BROKEN_PIPE);
  });
}
