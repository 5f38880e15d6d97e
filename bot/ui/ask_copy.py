"""The words of `/ask`."""

ASK_OPTIONS = {
    "prompt": "What to write or answer",
    "model": "Which model writes it; type to search",
    "length": "The most tokens of the answer, each about three quarters of a word",
    "temperature": "How free to be: near 0 it says the likeliest, above 1 it wanders",
    "instruction": "How to answer, such as: in one sentence, like a pirate",
    "provider": "Who writes it",
}
