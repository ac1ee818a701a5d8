/**
 * Names in Linux's abstract socket namespace: a lock that the kernel frees the moment its holder dies, however it dies.
 *
 * Padded to the full length of a socket address: Node 20 pads an abstract name with zero bytes, later versions do not, and a
 * lock must have the same name in both.
 */
const NAME_BYTES = 108;

export const abstractSocket = (name: string): string => `\0temper-${name}`.padEnd(NAME_BYTES, '-');
