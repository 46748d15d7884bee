class EngineError(Exception):
    """An engine or its data folder cannot be used; the message is one line for the operator.

    `log_tail` is what the engine itself last said, empty when it did not speak.
    """

    def __init__(self, message: str, *, log_tail: str = "") -> None:
        super().__init__(message)
        self.log_tail = log_tail
        if log_tail:
            self.add_note(log_tail)
