"""Other right solutions of "What carries over"."""

from autograder.authoring import alternative

# ---------------------------------------------------------------- embedding_similarity_gap


@alternative("embedding_similarity_gap")
def pair_by_pair(features, labels):
    """Two loops over pairs, as slow as the definition."""
    within, between = [], []
    for i in range(len(labels)):
        for j in range(i + 1, len(labels)):
            a, b = features[i], features[j]
            value = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
            (within if labels[i] == labels[j] else between).append(value)
    return float(np.mean(within)) - float(np.mean(between))


@alternative("embedding_similarity_gap")
def by_scipy(features, labels):
    """SciPy's condensed cosine distances."""
    from scipy.spatial.distance import pdist

    similarity = 1 - pdist(features, "cosine")
    first, second = np.triu_indices(len(labels), k=1)
    same = labels[first] == labels[second]
    return (similarity[same].mean() - similarity[~same].mean()).item()


@alternative("embedding_similarity_gap")
def by_sums(features, labels):
    """Sums over classes: the pairs within a class add up to the squared length of its sum, less one for each text."""
    unit = features / np.sqrt((features**2).sum(axis=1))[:, None]
    total, count = np.dot(unit.sum(axis=0), unit.sum(axis=0)), len(labels) ** 2
    within = pairs = 0.0
    inside = 0
    for name in np.unique(labels):
        rows = unit[labels == name]
        added = rows.sum(axis=0)
        within += added @ added
        pairs += len(rows) * (len(rows) - 1)
        inside += len(rows) ** 2
    return float((within - len(labels)) / pairs - (total - within) / (count - inside))


# ---------------------------------------------------------------- extract_features


@alternative("extract_features")
def sorted_by_length_and_put_back(model, tokenizer, texts, batch_size):
    """Batches of texts of like length, each vector written to its text's place."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
    vectors = torch.zeros(len(texts), model.config.hidden_size)
    before = model.training
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = tokenizer([texts[i] for i in rows], padding=True, truncation=True, return_tensors="pt")
            hidden, mask = model(**batch).last_hidden_state, batch["attention_mask"].float()
            vectors[rows] = torch.einsum("bth,bt->bh", hidden, mask) / mask.sum(1, keepdim=True)
    model.train(before)
    return vectors


@alternative("extract_features")
def one_text_after_the_other(model, tokenizer, texts, batch_size):
    """No batch at all, so no padding: slow, and right."""
    mode = model.training
    model.train(False)
    rows = []
    for text in texts:
        inputs = tokenizer([text], truncation=True, return_tensors="pt")
        with torch.no_grad():
            rows.append(model(**inputs)[0].mean(dim=1).squeeze(0))
    model.train(mode)
    return torch.stack(rows) if rows else torch.zeros((0, model.config.hidden_size))


@alternative("extract_features")
def padded_to_one_length(model, tokenizer, texts, batch_size):
    """All texts in one table first, then read piece by piece."""
    was = {module: module.training for module in model.modules()}
    model.eval()
    pieces = []
    if texts:
        table = tokenizer(list(texts), padding="longest", truncation=True, return_tensors="pt")
        for start in range(0, len(texts), batch_size):
            piece = {name: values[start : start + batch_size] for name, values in table.items()}
            hidden = model(**piece).last_hidden_state.detach()
            real = piece["attention_mask"].bool()
            pieces += [states[keep].mean(0, keepdim=True) for states, keep in zip(hidden, real)]
    for module, mode in was.items():
        module.training = mode
    return torch.cat(pieces) if pieces else torch.empty((0, model.config.hidden_size))


# ---------------------------------------------------------------- linear_probe


@alternative("linear_probe")
def in_a_pipeline(train_x, train_y, test_x, c, seed):
    """A pipeline of scikit-learn, with another solver."""
    from sklearn.pipeline import make_pipeline

    return (
        make_pipeline(StandardScaler(), LogisticRegression(C=c, solver="newton-cg", max_iter=1000, tol=1e-6))
        .fit(train_x, train_y)
        .predict(test_x)
    )


@alternative("linear_probe")
def scaled_by_hand(train_x, train_y, test_x, c, seed):
    """NumPy's own mean and deviation; constant columns are left alone."""
    middle, spread = train_x.mean(axis=0), train_x.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    model = LogisticRegression(C=c, solver="newton-cholesky", max_iter=500)
    model.fit((train_x - middle) / spread, train_y)
    scores = model.predict_proba((test_x - middle) / spread)
    return model.classes_[scores.argmax(axis=1)]


@alternative("linear_probe")
def objective_written_down(train_x, train_y, test_x, c, seed):
    """The objective and its gradient in NumPy, for any number of classes, and SciPy's solver. Two classes get one row of weights, more get one each."""
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    classes, y = np.unique(train_y, return_inverse=True)
    middle, spread = train_x.mean(axis=0), train_x.std(axis=0)
    spread = np.where(spread == 0, 1.0, spread)
    x, z = ((part - middle) / spread for part in (train_x.astype(float), test_x.astype(float)))
    rows = 1 if len(classes) == 2 else len(classes)
    right = np.eye(len(classes))[y]

    def logits(theta, x):
        table = theta.reshape(rows, -1)
        out = x @ table[:, :-1].T + table[:, -1]
        return np.column_stack([np.zeros(len(x)), out]) if rows == 1 else out

    def objective(theta):
        held = theta.reshape(rows, -1).copy()
        held[:, -1] = 0
        log_p = log_softmax(logits(theta, x), axis=1)
        error = (np.exp(log_p) - right)[:, -rows:]
        gradient = np.column_stack([error.T @ x, error.sum(axis=0)]) + held / c
        return -(log_p * right).sum() + (held**2).sum() / (2 * c), gradient.ravel()

    start = np.zeros(rows * (x.shape[1] + 1))
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 20_000, "maxfun": 40_000, "gtol": 1e-6, "ftol": 1e-13}
    )
    return classes[logits(found.x, z).argmax(axis=1)]


# ---------------------------------------------------------------- labels_saved


@alternative("labels_saved")
def by_numpy_interp(sizes, baseline, transfer, score):
    """np.interp between the two points around the first crossing, on a logarithm of base two."""
    if min(sizes) <= 0 or sorted(set(sizes)) != list(sizes):
        raise ValueError("sizes must be positive and go up")
    needed = []
    for curve in (baseline, transfer):
        reached = [i for i, value in enumerate(curve) if value >= score]
        if not reached or (reached[0] == 0 and curve[0] > score):
            return None
        last = reached[0]
        first = max(last - 1, 0)
        if first == last:
            needed.append(float(sizes[0]))
        else:
            needed.append(float(2 ** np.interp(score, [curve[first], curve[last]], np.log2([sizes[first], sizes[last]]))))
    return needed[0] - needed[1]


@alternative("labels_saved")
def by_logarithms(sizes, baseline, transfer, score):
    """math.log and math.exp, with a loop that remembers the last point."""
    import math

    for previous, size in zip([0, *sizes], sizes):
        if size <= previous:
            raise ValueError(f"`sizes` has {size} after {previous}")
    results = []
    for curve in (baseline, transfer):
        found, last = None, None
        for size, value in zip(sizes, curve):
            if value == score and last is None:
                found = math.log(size)
            elif value >= score:
                if last is not None:
                    at, was = last
                    found = at + (score - was) * (math.log(size) - at) / (value - was)
            else:
                last = (math.log(size), value)
                continue
            break
        if found is None:
            return None
        results.append(math.exp(found))
    return results[0] - results[1]
