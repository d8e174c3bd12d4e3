"""Chinese text: 字数, words, sentences, lexicon matches, and how a paper speaks to a topic."""
