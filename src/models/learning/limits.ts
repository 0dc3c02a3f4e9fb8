/** Limits of the small local models. Each is far above what they are good for, and keeps memory bounded. */
export const limits = {
  /** Of a text to train on or to classify, only so many characters are read. */
  textCharsMax: 20_000,
  labelsMax: 2_000,
  labelCharsMax: 500,
  examplesMax: 1_000_000,
  /** Examples times labels: two arrays of this many 32-bit numbers are held while training (128 MB each). */
  trainingCellsMax: 2 ** 25,
  /** Features times labels: rare features are left out until the weights fit (256 MB while training). */
  weightsMax: 2 ** 26,
  /** A model file larger than this when unpacked is refused. */
  fileBytesMax: 2 ** 30,
  /** How many examples whose label looks wrong are listed. */
  suspectsMax: 100,
  /** Words given as evidence for a label. */
  evidenceWordsMax: 5,
  /** Sources and sentences that `extract` looks at; the rest is left out. */
  sentencesReadMax: 2_000,
} as const;
