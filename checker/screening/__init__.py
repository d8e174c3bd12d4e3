"""The department's batch: a folder and a roster in, a worklist out."""
