"""Fits and measures what lies in `models/`. Nothing here is needed to run a check; scikit-learn is needed only here.

`labelled` reads the sentences, `fit` makes the model, `evaluate` measures it on the sentences that were held back.
"""
