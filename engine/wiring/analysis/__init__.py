"""What is learnt of runs and of the thesis: explanations, boards, studies, comparisons."""
