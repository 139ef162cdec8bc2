/** One version for both programs, both charts and the changelog; a test holds it against package.json. */
export const VERSION = '0.1.0';
