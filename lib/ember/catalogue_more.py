"""The catalogue, continued: the same lists, of what fewer people use. It loads where catalogue.py has no such name."""

OPERATIONS = " "

FUNCTIONS = " "

LAYERS = " loss_multi: MultiLabelMarginLoss MultiLabelSoftMarginLoss TripletMarginWithDistanceLoss "

OPTIMIZERS = " optim_composed: Adamax NAdam RAdam optim_descent: Rprop ASGD "
