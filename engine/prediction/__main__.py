"""`python -m engine.prediction`: predict images. ctrl+c while torch is imported, which takes seconds, says nothing."""

import sys


def main() -> int:
    try:
        from engine.prediction.predictor import main as predict
    except KeyboardInterrupt:
        return 130
    return predict()


if __name__ == "__main__":
    sys.exit(main())
