/**
 * What git's check finds in commits and tags that old programs or other ones wrote: who and when, spelled wrongly,
 * and modes with a zero too many. It harms nobody and cannot be mended without rewriting a history, so whoever
 * pushes is told and goes on. All else that git finds is refused: names and links that lead a checkout astray,
 * `.gitmodules` and `.gitattributes` that programs of git trip over, objects that are none.
 */
const TOLD_ONLY = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badName',
  'badTimezone',
  'missingAuthor',
  'missingCommitter',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'multipleAuthors',
  'nulInCommit',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
];

/** Settings of git by which a push is taken all the same, whatever a repository was made with. */
export const tolerateFlaws: readonly string[] = TOLD_ONLY.flatMap((flaw) => [
  '-c',
  `receive.fsck.${flaw}=warn`,
]);
