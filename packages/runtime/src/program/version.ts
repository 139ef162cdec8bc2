/** The version of both programs, both charts and the changelog. A test compares it with package.json. */
export const VERSION = '0.1.0';
