/** The host of a platform that is one machine. */
export const LOCAL = 'local';
