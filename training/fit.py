"""Fits the topic classifier: `python -m training.fit` writes models/topics.json and its card.

One against the rest, logistic regression over binary features weighed by idf. The two scores that decide are set by
cross-validation over the sentences that are not held back: `sure` so that hardly any sentence about something else
reaches it, `near` so that few do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict

from checker.language.classifier import MODEL, features
from training.labelled import Row, rows

MODELS = Path(__file__).parents[1] / "models"
_STRENGTH = 30.0
_SEEN_IN = 2
_KEPT_A_TOPIC = 1500
_FOLDS = 5
SURE_RATE, NEAR_RATE = 0.0002, 0.0015
"""Of a thousand sentences about something else, how many may reach the two scores: 0.2 and 1.5."""


def fit(given: Sequence[Row]) -> dict[str, object]:
    """The model, as it is written to the file, from the rows that are not held back."""
    used = [row for row in given if not row.held_back]
    vectorizer = CountVectorizer(analyzer=features, binary=True, min_df=_SEEN_IN)
    weigh = TfidfTransformer()
    matrix = csr_matrix(weigh.fit_transform(vectorizer.fit_transform([row.sentence for row in used])))
    names = vectorizer.get_feature_names_out()
    topics = {topic: _fit_topic(matrix, used, topic, names) for topic in sorted({row.topic for row in used})}
    kept = {feature for topic in topics.values() for feature in topic["weights"]}  # type: ignore[attr-defined]
    idf = {name: round(float(value), 3) for name, value in zip(names, weigh.idf_, strict=True)}
    # Features without weight in any topic count for the length of the vector all the same.
    return {"idf": idf, "topics": topics, "kept": len(kept)}


def _fit_topic(matrix: csr_matrix, used: Sequence[Row], topic: str, names: np.ndarray) -> dict[str, object]:
    wanted = np.array([row.speaks_to(topic) for row in used])
    classifier = LogisticRegression(C=_STRENGTH, class_weight="balanced", solver="liblinear")
    folds = KFold(_FOLDS, shuffle=True, random_state=0)
    scores = cross_val_predict(classifier, matrix, wanted, cv=folds, method="decision_function")
    others = np.sort(scores[~wanted])[::-1]
    classifier.fit(matrix, wanted)
    weights = classifier.coef_[0]
    heaviest = np.argsort(-np.abs(weights))[:_KEPT_A_TOPIC]
    return {
        "constant": round(float(classifier.intercept_[0]), 3),
        "near": round(float(others[int(NEAR_RATE * len(others))]), 3),
        "sure": round(float(others[int(SURE_RATE * len(others))]), 3),
        "weights": {str(names[index]): round(float(weights[index]), 3) for index in sorted(heaviest)},
    }


def main() -> int:
    model = fit(rows())
    text = json.dumps({"idf": model["idf"], "topics": model["topics"]}, ensure_ascii=False, separators=(",", ":"))
    (MODELS / MODEL).write_text(text + "\n", "utf-8")
    print(f"{MODELS / MODEL}: {len(model['idf'])} features, {len(text) // 1024} KB")  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
